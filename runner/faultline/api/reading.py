"""The page /docs: the OpenAPI document as plain HTML, without scripts, so that it works without the internet."""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from typing import Any, Final

STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c2733 }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #ccd3da }
code, pre { font: 14px/1.45 ui-monospace, monospace; background: #f2f5f8; border-radius: 4px; padding: .1rem .3rem }
pre { padding: .6rem .8rem; overflow-x: auto }
summary { cursor: pointer; padding: .3rem 0 }
details { border-bottom: 1px solid #e6eaee }
details > div { padding: 0 0 1rem 1.2rem }
b { display: inline-block; min-width: 4rem }
table { border-collapse: collapse } td { padding: .15rem 1rem .15rem 0; vertical-align: top }
"""
_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def page(document: dict[str, Any]) -> str:
    groups: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            tag = operation.get("tags", ["api"])[0]
            groups.setdefault(tag, []).append(_operation(method.upper(), path, operation))
    schemas = document["components"]["schemas"]
    body = "".join(f"<h2>{escape(tag)}</h2>{''.join(operations)}" for tag, operations in groups.items())
    shapes = "".join(
        f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary>'
        f"<div>{_pre(schema)}</div></details>"
        for name, schema in sorted(schemas.items())
    )
    title = escape(f"{document['info']['title']} {document['info']['version']}")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head>"
        f"<body><h1>{title}</h1><p>{escape(document['info']['description'])} For programs: "
        f'<a href="openapi.json">openapi.json</a>.</p>{body}<h2>Shapes</h2>{shapes}</body></html>'
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    scopes = " or ".join(operation.get("x-scopes", [])) or "none"
    rows = [("Scope", escape(scopes))]
    rows += [(escape(parameter["name"]), _parameter(parameter)) for parameter in operation.get("parameters", [])]
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        rows.append((f"Body, {escape(kind)}", _schema(content.get("schema", {}))))
    for status, response in operation.get("responses", {}).items():
        kinds = response.get("content", {})
        schema: dict[str, Any] = next((content.get("schema", {}) for content in kinds.values() if content), {})
        rows.append((f"Answers {escape(status)}", f"{escape(response['description'])} {_schema(schema)}"))
    cells = "".join(f"<tr><td>{name}</td><td>{value}</td></tr>" for name, value in rows)
    text = escape(operation.get("description", ""))
    return (
        f"<details><summary><b>{method}</b> <code>{escape(path)}</code>"
        f" {escape(operation.get('summary', ''))}</summary>"
        f"<div><p>{text}</p><table>{cells}</table></div></details>"
    )


def _parameter(parameter: dict[str, Any]) -> str:
    needed = "" if parameter.get("required") else ", optional"
    said = parameter.get("description", "")
    return f"{escape(parameter['in'])}{needed}. {escape(said)} {_schema(parameter.get('schema', {}))}"


def _schema(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    shown = {name: value for name, value in schema.items() if name not in {"title", "description"}}
    return f"<code>{escape(json.dumps(shown))}</code>" if shown else ""


def _pre(schema: dict[str, Any]) -> str:
    return f"<pre>{escape(json.dumps(schema, indent=2))}</pre>"
