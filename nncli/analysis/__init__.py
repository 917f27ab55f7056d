"""Looking inside: functions of networks, experiments and runs that return data."""
