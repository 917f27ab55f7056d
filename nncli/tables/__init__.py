"""Tables on disk: delimited text, NDJSON and Parquet, read whole or in parts."""
