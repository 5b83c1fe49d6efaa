"""The pages people see in a browser: templates, one stylesheet, one small script, and their routes.

Pages work without the script. Nothing here decides anything about people; that is done by turns.
"""
