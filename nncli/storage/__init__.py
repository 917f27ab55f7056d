"""Files that are whole or absent, arrays in them, locks, and the files that ship with nncli."""
