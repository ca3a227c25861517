"""Layerwalk's speed as ratios against named floors; `python -m benchmarks` prints the table."""
