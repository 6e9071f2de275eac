"""Fills the monolith's tables from a data set, or from generated data: `manage.py load_data`.

A source (`adventureworks`, `onlineretail`, `generated`) turns its input into pages of rows by stated rules; `loader`
copies each page in and commits it together with its checkpoint. What it refuses: to drop an input row without
counting it, to overwrite a row that is already there, to write into a context that has moved out, and to run beside
another load.
"""
