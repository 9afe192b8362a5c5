"""Logs: lines of pods -> events -> what one log says. No I/O here: the bytes are handed in.

`reading.Reader` is the way in; `dlaasgen.results` makes a result of what it returns.
"""
