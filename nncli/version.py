"""The version of nncli."""

VERSION = "0.1.0"
