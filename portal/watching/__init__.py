"""What whoever keeps the machines watches: requests and statements in the log, figures for Prometheus, readiness, alarms."""
