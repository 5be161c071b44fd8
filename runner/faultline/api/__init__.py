"""The HTTP API, the extra `faultline[api]`: each route calls one function or reads one view of the database."""
