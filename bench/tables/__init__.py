"""One module a table. Each has a TITLE, a FILE for its result, and `run(bench, section)`, which measures and fills the section.

`run` raises `harness.Missing` if nothing at all can be measured; a subject that is missing is a row that says so.
"""
