"""What the entrance demands and gives beyond routing: policies, declared per route in one file, composed of small stages.

The file is read whole or not at all: every error in it is told at once, and what was in force stays so.
"""
