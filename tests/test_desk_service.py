"""The desk as a process of its own, asked over real connections: every endpoint, bad input, killed under load."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from desk_requests import POLICY, request
from gearwheel.desk import service_app
from gearwheel.desk.opened import read_papers
from gearwheel.desk.reading import Reading
from gearwheel.desk.replay import replay
from gearwheel.desk.returns import RETURNS
from gearwheel.desk.service_guard import Guard
from gearwheel.desk.store import open_store

TOKEN = "a token of the tests"


def now(**later) -> str:
    return (datetime.now(UTC) + timedelta(**later)).isoformat()


def asked(number: int = 0, **changed) -> dict:
    return request(number, **{"requested_at": now(), "delivered_at": now(days=-5)} | changed)


class Desk:
    """A process of `gearwheel desk serve`."""

    def __init__(self, folder, *options: str, token: str = ""):
        (folder / "policy.toml").write_text(POLICY)
        self.store = str(folder / "desk.db")
        command = [sys.executable, "-m", "gearwheel", "desk", "serve", "--policy", str(folder / "policy.toml")]
        self.process = subprocess.Popen(
            [*command, "--store", self.store, "--port", "0", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "GEARWHEEL_DESK_TOKEN": token, "OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip
        line = self.process.stdout.readline()
        found = re.search(r":(\d+)/", line)
        assert found, line + self.process.stderr.read()
        self.port = int(found[1])

    def call(self, method: str, path: str, body: object = None, key: str = "", **headers: str):
        """(status, headers, body as JSON where it is such)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if key:
            sent["Idempotency-Key"] = key
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection.request(method, path, data, sent)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        plain = answer.headers["content-type"].startswith("application/json")
        return answer.status, answer.headers, json.loads(text) if plain else text.decode()

    def decide(self, number: int = 0, key: str = "", **changed):
        return self.call("POST", "/v1/returns", asked(number, **changed), key or f"k{number}")

    def stop(self, how: int = signal.SIGTERM) -> None:
        self.process.send_signal(how)
        self.process.wait(20)
        self.process.stdout.close()
        self.process.stderr.close()


@contextmanager
def running(folder, *options: str, **more):
    desk = Desk(folder, *options, **more)
    try:
        yield desk
    finally:
        desk.stop()


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with running(tmp_path_factory.mktemp("desk")) as found:
        yield found


def fits(value: object, schema: dict, document: dict) -> bool:
    """Whether a value is what the schema says, as far as this document's schemas go."""
    if "$ref" in schema:
        return fits(value, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document)
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "number": (int, float), "null": type(None)}
    wanted = schema.get("type", list(kinds))
    wanted = [wanted] if isinstance(wanted, str) else wanted
    if not any(isinstance(value, kinds[k]) and (k != "number" or not isinstance(value, bool)) for k in wanted):
        return False
    if isinstance(value, dict):
        more = schema.get("additionalProperties", {})
        inner = schema.get("properties", {})
        return set(schema.get("required", ())) <= set(value) and all(
            fits(v, inner.get(k, more), document) for k, v in value.items()
        )
    if isinstance(value, list):
        return all(fits(v, schema.get("items", {}), document) for v in value)
    if isinstance(value, str):
        return value in schema.get("enum", [value]) and value == schema.get("const", value)
    if isinstance(value, int | float):
        return schema.get("minimum", value) <= value <= schema.get("maximum", value)
    return True


def described(desk: Desk, path: str, method: str, status: int, body: object) -> bool:
    """Whether /openapi.json says that this may be answered."""
    document = desk.call("GET", "/openapi.json")[2]
    said = document["paths"][path][method]["responses"][str(status)]["content"]["application/json"]["schema"]
    return fits(body, said, document)


def test_a_return_is_decided_looked_up_and_followed_by_outcomes(desk):
    status, _, made = desk.decide(1, context={"channel": "chat"}, shelf="B2")
    assert status == 200 and described(desk, "/v1/returns", "post", 200, made)
    chosen = next(o for o in made["options"] if o["action"] == made["action"])
    assert sum(o["propensity"] for o in made["options"]) == pytest.approx(1) and chosen["open"]
    assert chosen["propensity"] == made["propensity"] > 0
    assert sum(chosen["parts"].values()) == pytest.approx(chosen["expected_cost"], abs=1e-3)
    told = {"decision_id": made["decision_id"], "kind": "bought_again", "at": now(), "amount": 12.5, "note": "chat"}
    first, again = (desk.call("POST", "/v1/outcomes", told, "o1") for _ in range(2))
    assert first[0] == 200 and first[2] == again[2] and described(desk, "/v1/outcomes", "post", 200, first[2])
    assert desk.call("POST", "/v1/outcomes", told | {"amount": 1}, "o1")[2]["code"] == "GW516"
    status, _, record = desk.call("GET", f"/v1/decisions/{made['decision_id']}")
    assert status == 200 and record["answer"] == made and described(desk, "/v1/decisions/{id}", "get", 200, record)
    assert record["request"]["context"] == {"channel": "chat"} and record["request"]["shelf"] == "B2"
    assert [o["kind"] for o in record["outcomes"]] == ["bought_again"]
    assert desk.call("GET", "/v1/decisions/nobody")[0] == 404


def test_words_that_the_policy_does_not_name_are_counted_and_listed(desk):
    before = {(w["field"], w["text"]): w["times"] for w in desk.call("GET", "/v1/unnamed")[2]["unnamed"]}
    for number, land in enumerate(("Freedonia", "Freedonia ", "Freedonia", "Germany", "DE-BY", "")):
        assert desk.decide(800 + number, jurisdiction=land)[0] == 200
    status, _, said = desk.call("GET", "/v1/unnamed")
    assert status == 200 and said["more"] == 0 and described(desk, "/v1/unnamed", "get", 200, said)
    found = {(w["field"], w["text"]): w["times"] for w in said["unnamed"]}
    new = {key: n - before.get(key, 0) for key, n in found.items() if n != before.get(key, 0)}
    assert new == {("jurisdiction", "Freedonia"): 2, ("jurisdiction", "Freedonia "): 1}
    total = sum(n for (field, _), n in found.items() if field == "jurisdiction")
    assert f'gearwheel_desk_unnamed_total{{field="jurisdiction"}} {total}' in desk.call("GET", "/metrics")[2]
    desk.decide(800, jurisdiction="Freedonia")  # the same request again is no new one
    assert desk.call("GET", "/v1/unnamed")[2] == said
    assert desk.call("POST", "/v1/unnamed", {}, "k")[0] == 405


def test_the_same_key_gets_the_same_bytes_and_another_body_is_refused(desk):
    body = json.dumps(asked(2)).encode()
    first, again = (desk.call("POST", "/v1/returns", body, "twice") for _ in range(2))
    assert first[0] == 200 and first[2] == again[2]
    status, _, said = desk.call("POST", "/v1/returns", asked(2, price=1), "twice")
    assert status == 409 and said["code"] == "GW516" and described(desk, "/v1/returns", "post", 409, said)


BAD = [
    ("GW512", 422, {"price": -5}),
    ("GW512", 422, {"quantity": -1}),
    ("GW512", 422, {"quantity": 0}),
    ("GW514", 422, {"currency": "USD"}),
    ("GW515", 422, {"requested_at": "2099-01-01T00:00:00Z"}),
    ("GW510", 422, {"customer_id": ...}),
    ("GW511", 422, {"price": [1]}),
    ("GW511", 422, {"context": "chat"}),
]


@pytest.mark.parametrize(("code", "status", "changed"), BAD)
def test_a_bad_request_is_told_so_and_nothing_is_recorded(desk, code, status, changed):
    before = desk.call("GET", "/metrics")[2].count("decisions_total{"), open_store(desk.store).end("decisions")
    got, _, said = desk.decide(3, "bad", **changed)
    assert (got, said["code"]) == (status, code) and said["message"]
    assert described(desk, "/v1/returns", "post", got, said)
    assert open_store(desk.store).end("decisions") == before[1]
    assert desk.call("GET", "/healthz")[0] == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"", "GW511"), (b"[]", "GW511"), (b"{", "GW511"), (b'{"a": NaN}', "GW511"), (b"\xff\xfe", "GW511"),
     (b"[" * 60_000, "GW511"), (b'{"price": 1' + b"0" * 5000 + b"}", None)],
)  # fmt: skip
def test_what_is_no_request_is_refused(desk, body, code):
    status, _, said = desk.call("POST", "/v1/returns", body, "odd")
    assert status in (400, 422) and said["code"].startswith("GW5") and code in (None, said["code"])


def test_keys_methods_and_paths_are_checked(desk):
    assert desk.call("POST", "/v1/returns", asked())[0] == 400
    assert desk.call("POST", "/v1/returns", asked(), "x" * 201)[0] == 400
    assert desk.call("GET", "/v1/returns", key="k")[0] == 405
    assert desk.call("POST", "/v1/shipping", asked(), "k")[0] == 404
    assert desk.call("GET", "/v2")[2]["code"] == "GW522"
    bad = {"decision_id": "d", "kind": "returned", "at": now()}
    assert desk.call("POST", "/v1/outcomes", bad, "n1")[0] == 404
    for change in (
        {"kind": "Odd kind"},
        {"kind": "retruned"},
        {"at": "never"},
        {"at": now(days=2)},
        {"amount": "1"},
        {"amount": 1e99},
    ):
        assert desk.call("POST", "/v1/outcomes", bad | change, "n2")[0] == 422


def test_ten_megabytes_are_refused_before_they_are_read(desk):
    for chunked in (False, True):
        with socket.create_connection(("127.0.0.1", desk.port), timeout=20) as line:
            length = "Transfer-Encoding: chunked" if chunked else "Content-Length: 10000000"
            head = f"POST /v1/returns HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: big\r\n{length}\r\n\r\n"
            line.sendall(head.encode())
            sent = 0
            try:
                while chunked and sent < 10_000_000:
                    line.sendall(b"ffff\r\n" + b"x" * 0xFFFF + b"\r\n")
                    sent += 0xFFFF
            except OSError:
                pass  # the desk hung up
            assert sent < 9_000_000
            if not chunked:
                assert line.recv(4096).startswith(b"HTTP/1.1 413")
    assert desk.decide(4)[0] == 200


def test_other_sites_and_hosts_may_not_ask(desk):
    for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        status, _, said = desk.call("POST", "/v1/returns", asked(), "k", **headers)
        assert status == 403 and said["code"] == "GW523"


def test_counts_are_given_to_prometheus(desk):
    desk.decide(5)
    text = desk.call("GET", "/metrics")[2]
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(values['gearwheel_desk_requests_total{path="/v1/returns",status="200"}']) >= 1
    assert sum(float(v) for k, v in values.items() if k.startswith("gearwheel_desk_decisions_total")) >= 1
    assert values["gearwheel_desk_store_up"] == "1" and "gearwheel_desk_queue" in values
    buckets = [float(v) for k, v in values.items() if "seconds_bucket" in k]
    assert buckets == sorted(buckets) and buckets[-1] == float(values["gearwheel_desk_request_seconds_count"])


def test_a_token_is_asked_for_and_a_rate_is_kept(tmp_path):
    with running(tmp_path, "--rate", "2", token=TOKEN) as desk:
        assert desk.decide(1)[0] == 401 and desk.call("GET", "/metrics", Authorization="Bearer x")[0] == 401
        assert desk.call("GET", "/healthz")[0] == 200
        known = {"Authorization": f"Bearer {TOKEN}"}
        answers = [desk.call("POST", "/v1/returns", asked(i), f"k{i}", **known) for i in range(9)]
        assert [a[0] for a in answers][:2] == [200] * 2  # twice the rate at once, of which two went on guesses
        late = [a for a in answers if a[0] == 429]
        assert late and late[0][2]["code"] == "GW524" and int(late[0][1]["retry-after"]) >= 1


def test_guesses_of_the_token_are_limited_by_the_rate():
    guard = Guard(token=b"right", rate=2.0)
    headers = {b"host": b"localhost", b"authorization": b"Bearer guess"}
    assert [guard.refuses(headers, "peer", 0.0, False)[0] for _ in range(7)] == [401] * 4 + [429] * 3
    assert guard.refuses(headers | {b"authorization": b"Bearer right"}, "other", 0.0, False) is None


@pytest.mark.parametrize("pause", [10.0, 0.01])
def test_a_body_that_trickles_in_is_given_up(monkeypatch, pause):
    monkeypatch.setattr(service_app, "PATIENCE", 0.05)

    async def receive():
        await asyncio.sleep(pause)
        return {"body": b" ", "more_body": True}

    with pytest.raises(service_app.Refused) as refused:
        asyncio.run(asyncio.wait_for(service_app._body({}, receive), 2))
    assert refused.value.status == 408


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_stopped_it_leaves_the_whole_log_in_its_file(tmp_path, how):
    desk = Desk(tmp_path)
    assert desk.decide(1)[0] == 200
    desk.process.send_signal(how)
    said, wrong = desk.process.communicate(timeout=20)
    assert (desk.process.returncode, said, wrong) == (0, "", "")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["desk.db", "policy.toml"]
    assert open_store(desk.store).end("decisions")[0] == 1


def test_it_does_not_start_open_to_others_or_on_a_port_that_is_taken(tmp_path):
    with running(tmp_path) as desk:
        for options, said in ((["--host", "0.0.0.0"], "no token"), (["--port", str(desk.port)], "in use")):
            done = subprocess.run(
                [sys.executable, "-m", "gearwheel", "desk", "serve", "--policy", str(tmp_path / "policy.toml"),
                 "--store", desk.store, *options],
                capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
            assert done.returncode == 1 and "GW523" in done.stderr and said in done.stderr
            assert "Traceback" not in done.stderr


def test_killed_under_load_it_loses_no_acknowledged_decision_and_decides_no_key_twice(tmp_path):
    answers: dict[str, list[dict]] = {}
    body = {number: asked(number) for number in range(400)}
    lock, numbers, stopped = threading.Lock(), iter(range(100_000)), threading.Event()

    def load(port: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        while not stopped.is_set():
            with lock:
                number = next(numbers) % 400  # every key comes again and again
            try:
                headers = {"Idempotency-Key": f"key {number}"}
                connection.request("POST", "/v1/returns", json.dumps(body[number]), headers)
                answer = connection.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException):
                return  # killed: not acknowledged
            assert answer.status == 200, text
            with lock:
                answers.setdefault(f"key {number}", []).append(json.loads(text))

    def under_load(desk: Desk, seconds: float, how: int) -> None:
        stopped.clear()
        threads = [threading.Thread(target=load, args=(desk.port,)) for _ in range(6)]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        desk.stop(how)
        stopped.set()
        for thread in threads:
            thread.join(10)

    for seconds in (0.25, 0.15):
        under_load(Desk(tmp_path), seconds, signal.SIGKILL)
    under_load(Desk(tmp_path), 0.4, signal.SIGTERM)
    store = open_store(str(tmp_path / "desk.db"))
    reading = Reading(read_papers(tmp_path / "policy.toml").desk(store.meta()["secret"]), store)
    made = [reading.record(body) for _, _, body in store.bodies("decisions", 0, 5000)]
    kept = {record.key: json.loads(reading.answer(record)) for record in made}
    assert len(answers) > 50 and set(answers) <= set(kept)
    for key, several in answers.items():
        assert all(answer == kept[key] for answer in several)
    assert replay(RETURNS, store).decisions == len(kept) == store.end("decisions")[0]
