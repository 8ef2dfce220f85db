"""What a finished run can be asked about: parts, each with its parameters and its answer as plain data."""
