"""Runs a page of the dashboard without a browser, and reads what it says."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from earful.dashboard import launch


def page(name: str, **address: str | list[str]) -> AppTest:
    """Runs a page, by the name of its file, with parts of an address."""
    app = AppTest.from_file(str(Path(launch.__file__).parent / "app.py"), default_timeout=60)
    if name != "overview":
        app.switch_page(f"{name}.py")
    for key, value in address.items():
        app.query_params[key] = value
    return app.run()


def said(app: AppTest) -> str:
    """Joins all that a page says."""
    assert not app.exception, app.exception
    kinds = (app.markdown, app.caption, app.text, app.subheader, app.code, app.warning, app.error)
    return "\n".join(str(element.value) for kind in kinds for element in kind)
