"""What we use of Flask-WTF, which ships no types."""

from flask import Flask
from wtforms import Form

class FlaskForm(Form):
    """Filled from the request, unless `formdata` is given."""

    def validate_on_submit(self) -> bool: ...

class CSRFProtect:
    def __init__(self, app: Flask | None = None) -> None: ...
