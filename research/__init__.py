"""The experiments of the papers behind Layerwalk, run again on the networks that are shipped."""
