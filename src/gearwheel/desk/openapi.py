"""The service described in OpenAPI 3.1, from the operation and the policy that it runs."""

from __future__ import annotations

from gearwheel.desk.history import MOST_TIMES
from gearwheel.desk.operation import Field, Operation
from gearwheel.desk.outcomes import COSTS, GAINS, KINDS
from gearwheel.desk.policy import Policy
from gearwheel.desk.requests import LARGEST, LONGEST

STATUSES = {
    "400": "Not readable: no JSON object, or no Idempotency-Key.",
    "401": "The token is missing or wrong.",
    "403": "Asked under another host, or from another site's page.",
    "404": "There is no such thing.",
    "408": "The body did not arrive.",
    "409": "The Idempotency-Key belongs to another body.",
    "413": "The body is too large.",
    "422": "A field is missing, of the wrong type or out of range; nothing was recorded.",
    "429": "Too many requests.",
    "500": "The desk failed on this request; nothing was recorded.",
    "503": "The store cannot be used now, or too many requests wait; nothing was recorded.",
}
ALWAYS = ("401", "403", "429", "503")
POSTED = ("400", "408", "409", "413", "422", "500", *ALWAYS)
TEXT, NUMBER = {"type": "string"}, {"type": "number"}


def openapi(operation: Operation, policy: Policy) -> dict:
    """The document, plain dicts."""
    key = {
        "name": "Idempotency-Key", "in": "header", "required": True,
        "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
        "description": "The same key and body get the same answer, byte for byte.",
    }  # fmt: skip
    name = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Desk: {operation.title}", "version": policy.version, "description": policy.name or operation.title},
        "security": [{}, {"token": []}],
        "paths": {
            f"/v1/{operation.name}": {
                "post": {
                    "operationId": "decide", "summary": "Decide on a request.", "parameters": [key],
                    "requestBody": _json("Request", required=True),
                    "responses": {"200": _answer("The decision.", "Decision"), **_problems(POSTED)},
                }
            },
            "/v1/decisions/{id}": {
                "get": {
                    "operationId": "look", "summary": "A decision as it is recorded, with its outcomes.", "parameters": [name],
                    "responses": {"200": _answer("The record.", "Record"), **_problems(("404", *ALWAYS))},
                }
            },
            "/v1/outcomes": {
                "post": {
                    "operationId": "tell", "summary": "Tell what happened after a decision.", "parameters": [key],
                    "requestBody": _json("Outcome", required=True),
                    "responses": {"200": _answer("It is recorded.", "Told"), **_problems(("404", *POSTED))},
                }
            },
            "/healthz": {
                "get": {
                    "operationId": "healthz", "summary": "Whether the desk can decide now.", "security": [{}],
                    "responses": {"200": _answer("It can.", "Health"), **_problems(("403", "503"))},
                }
            },
            "/metrics": {
                "get": {
                    "operationId": "metrics", "summary": "Counts and durations in Prometheus' text format.",
                    "responses": {"200": {"description": "Counts.", "content": {"text/plain": {"schema": TEXT}}},
                                  **_problems(ALWAYS[:3])},
                }
            },
            "/v1/unnamed": {
                "get": {
                    "operationId": "unnamed",
                    "summary": "Words of requests that the policy does not name, since the start: they meet no condition.",
                    "responses": {"200": _answer("The most frequent first.", "Unnamed"), **_problems(ALWAYS[:3])},
                }
            },
            "/openapi.json": {
                "get": {
                    "operationId": "openapi", "summary": "This document.",
                    "responses": {"200": {"description": "OpenAPI 3.1.", "content": {
                        "application/json": {"schema": {"type": "object"}}}}, **_problems(ALWAYS[:3])},
                }
            },
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(operation, policy),
        },
    }  # fmt: skip


def _schemas(operation: Operation, policy: Policy) -> dict:
    actions = {"type": "string", "enum": list(policy.actions)}
    option = _object(
        action=actions, expected_cost=NUMBER, parts={"type": "object", "additionalProperties": NUMBER},
        cheaper_than_fallback={"type": "number", "minimum": 0, "maximum": 1}, open={"type": "boolean"},
        propensity={"type": "number", "minimum": 0, "maximum": 1},
    )  # fmt: skip
    decision = _object(
        decision_id=TEXT, action=actions, explanation=_object(customer=TEXT, auditor=TEXT),
        options={"type": "array", "items": option}, propensity={"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        policy_version=TEXT,
    )  # fmt: skip
    request = {
        "type": "object",
        "properties": {n: _field(f, policy if n == "currency" else None) for n, f in operation.fields.items()}
        | {"context": {"type": "object", "description": "Whatever else is known; rules may ask for it."}},
        "required": [n for n, f in operation.fields.items() if f.needed],
    }
    outcome = {
        "type": "object",
        "properties": {
            "decision_id": TEXT,
            "kind": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$", "examples": list(KINDS)},
            "at": {"type": "string", "format": "date-time"},
            "amount": {
                "type": ["number", "null"],
                "minimum": -LARGEST,
                "maximum": LARGEST,
                "description": f"Money, needed for {', '.join((*COSTS, *GAINS))}.",
            },
            "currency": {"type": ["string", "null"], "description": f"Of the amount; nothing but {policy.currency}."},
            "sure": {
                "type": ["boolean", "null"],
                "description": f"That an amount below 0, or more than {MOST_TIMES} times what was claimed, is right.",
            },
        },
        "required": ["decision_id", "kind", "at"],
    }
    told = {"type": "object", "properties": outcome["properties"] | {"outcome_id": TEXT, "told_at": NUMBER, "key": TEXT},
            "required": [*outcome["required"], "outcome_id", "told_at", "key"]}  # fmt: skip
    texts = {"type": "array", "items": TEXT}
    record = _object(
        id=TEXT, key=TEXT, asked=TEXT, decided_at=NUMBER, request={"$ref": "#/components/schemas/Request"},
        facts={"type": "object"}, form=TEXT, made_by=TEXT, policy=TEXT, knowledge=TEXT, customers=TEXT, action=actions, best=actions,
        allowed=texts, open=texts, propensity={"type": "object", "additionalProperties": NUMBER}, rules=texts,
        caps=texts, lot=NUMBER, spent=NUMBER, answer={"$ref": "#/components/schemas/Decision"},
        outcomes={"type": "array", "items": {"$ref": "#/components/schemas/Told"}},
    )  # fmt: skip
    return {
        "Request": request, "Decision": decision, "Record": record, "Outcome": outcome, "Told": told,
        "Unnamed": _object(
            unnamed={"type": "array", "items": _object(field=TEXT, text=TEXT, times=NUMBER)},
            more={**NUMBER, "description": "How often a word came that is not among these."},
        ),
        "Health": _object(status={"type": "string", "const": "ok"}), "Problem": _object(code=TEXT, message=TEXT, hint=TEXT),
    }  # fmt: skip


def _field(what: Field, policy: Policy | None) -> dict:
    if policy:
        return {"type": "string", "const": policy.currency, "description": what.says}
    kinds = {
        "text": {"type": "string", "maxLength": LONGEST},
        "number": {"type": "number", "maximum": min(what.high, LARGEST)},
        "whole": {"type": "integer", "maximum": min(what.high, LARGEST)},
        "time": {"type": "string", "format": "date-time"},
    }
    found = {**kinds[what.type], "description": what.says}
    if what.type == "text" and what.needed:
        found["minLength"] = 1
    if what.type in ("number", "whole"):
        found |= {"exclusiveMinimum": what.above} if what.above > what.low else {"minimum": max(what.low, -LARGEST)}
    return found if what.needed else {**found, "type": [found["type"], "null"]}


def _object(**properties: dict) -> dict:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _json(schema: str, **more: object) -> dict:
    return {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}, **more}


def _answer(says: str, schema: str) -> dict:
    return {"description": says, **_json(schema)}


def _problems(statuses: tuple[str, ...]) -> dict:
    return {status: _answer(STATUSES[status], "Problem") for status in sorted(statuses)}
