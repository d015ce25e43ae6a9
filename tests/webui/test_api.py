"""The page's API: what is asked wrongly gets a friendly refusal, answers are as described, and nothing is kept."""

from __future__ import annotations

import base64
import io
import json
import re
import tempfile
from types import SimpleNamespace

import numpy as np
import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from PIL import Image

from runoff.arrays import Output
from runoff.model.inputs.decoding import FORMATS
from tests.conftest import ROOT
from tests.web import fake_page, prepared_fakes, send, star, stored
from tests.webui.conftest import LIMIT
from tests.webui.proof.server import BOUNDARY, form
from tests.webui.test_pictures import REFUSED
from webui.api import make_api, result
from webui.app import HEADERS
from webui.config import Config
from webui.keeper import MISSING, READY, RESTARTING, STARTING, UNAVAILABLE
from webui.refusals import ACCEPTED, SENTENCES

PNG = stored(star(), "PNG")


@pytest.mark.long
def test_a_wrong_content_type_and_name_are_forgiven(client):
    """What a picture is, its bytes say: neither its name nor the type that the browser claims is believed."""
    for name, kind in (("../../etc/passwd", "text/plain"), ("x.exe", "application/x-msdownload"), ("ü.svg", "")):
        response = client.post("/api/classify", data={"image": (io.BytesIO(PNG), name, kind)})
        assert response.status_code == 200


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        ({"data": PNG, "content_type": "image/png"}, 415, "not_a_form"),
        ({"json": {"image": "x"}}, 415, "not_a_form"),
        ({}, 415, "not_a_form"),
        ({"data": {"picture": (io.BytesIO(PNG), "a.png")}}, 400, "no_picture"),
        ({"data": {"image": "only text"}, "content_type": "multipart/form-data"}, 400, "no_picture"),
        ({"data": b"--x\r\ngarbage", "content_type": "multipart/form-data; boundary=x"}, 400, "no_picture"),
        ({"data": b"", "content_type": "multipart/form-data"}, 400, "no_picture"),
    ],
    ids=["a bare picture", "JSON", "nothing", "another field", "only text", "garbage", "an empty form"],
)
def test_what_is_no_form_with_a_picture_is_refused(client, request_, status, code):
    """A body that is no form, or one without the field, is the sender's mistake and says which."""
    response = client.post("/api/classify", **request_)
    assert (response.status_code, response.json["error"]["code"]) == (status, code)


@pytest.mark.parametrize("texts", [["x"] * 30, ["x" * 600_000]], ids=["many fields", "a long text"])
def test_a_form_with_much_beside_the_picture_is_no_large_file(client, texts):
    """A form with many fields or a long text is told to send the picture alone: the picture may be a small one."""
    field = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="note"\r\n\r\n'
    body = "".join(f"{field}{text}\r\n" for text in texts).encode() + form(PNG)
    response = client.post("/api/classify", data=body, content_type=f"multipart/form-data; boundary={BOUNDARY}")
    assert (response.status_code, response.json["error"]["code"]) == (413, "too_many_fields")


def test_the_page_answers_to_its_names_alone(client):
    """A name that points here and is none of the page's, as in DNS rebinding, gets a refusal from every address."""
    for name, status in (("localhost:8000", 200), ("page.example", 200), ("evil.example", 400)):
        for path in ("/", "/healthz", "/static/page.css"):
            assert client.get(path, headers={"Host": name}, buffered=True).status_code == status
    refused = client.get("/", headers={"Host": "evil.example"}).json["error"]
    assert refused["code"] == "untrusted_host"
    assert "--trusted-host" in refused["message"]


def test_several_pictures_are_refused(client):
    """One picture at a time: a second is not dropped in silence."""
    response = client.post("/api/classify", data={"image": [(io.BytesIO(PNG), "a"), (io.BytesIO(PNG), "b")]})
    assert (response.status_code, response.json["error"]["code"]) == (400, "several_pictures")


@pytest.mark.parametrize("query", ["?top=0", "?top=11", "?top=", "?top=two", "?top=-1", "?top=1e1", "?top=٣"])
def test_a_wrong_number_of_answers_is_refused(client, query):
    """Only 1 to 10 answers can be asked for."""
    assert send(client, PNG, query).json["error"]["code"] == "bad_top"


def test_runtimes_and_the_number_of_answers_can_be_chosen(client):
    """Those that are named answer, each once, with as many labels as asked for, the most probable first."""
    response = send(client, PNG, "?runtime=fake-slower&runtime=fake&runtime=fake&top=5")
    results = response.json["results"]
    assert [each["runtime"] for each in results] == ["fake-slower", "fake"]
    for each in results:
        confidences = [answer["confidence"] for answer in each["answers"]]
        assert len(confidences) == 5
        assert confidences == sorted(confidences, reverse=True)
        assert each["threads"] == 2
        assert each["milliseconds"] > 0
    assert response.json["agree"] is True
    assert response.json["picture"] == dict(zip(("width", "height"), star().size, strict=True))


@pytest.mark.long
def test_the_threads_shown_are_those_that_the_framework_reports(tmp_path):
    """What an answer says about threads was read back from the session, not copied from what was asked for."""
    with fake_page(tmp_path, ["fake", "fake-lies"]) as app:
        results = send(app.test_client(), PNG, "?runtime=fake&runtime=fake-lies").json["results"]
    assert [each["threads"] for each in results] == [2, 3]


def test_every_refusal_is_one_of_the_table():
    """No code is refused by that the table lacks, and the table has none that nothing refuses by."""
    sources = "".join(file.read_text() for file in (ROOT / "webui").glob("*.py") if file.name != "refusals.py")
    assert {code for code in SENTENCES if f'"{code}"' in sources} == set(SENTENCES)
    assert set(re.findall(r'(?:Refusal\(|"refused": )"(\w+)"', sources)) <= set(SENTENCES)


def test_each_sentence_has_one_source(client):
    """The formats are the decoder's, PPM included, and the page's script has the server's words for a large file."""
    page = client.get("/").text
    assert ACCEPTED == "JPEG, PNG, WEBP, GIF, BMP, TIFF or PPM"
    assert ACCEPTED in page
    described = (ROOT / "webui" / "openapi.json").read_text()
    assert all(kind.lower() in described.lower() for kind in FORMATS)
    refused = send(client, PNG + bytes(LIMIT)).json["error"]["message"]
    assert f'data-too-large="{refused}"' in page
    assert "too large" not in client.get("/static/page.js", buffered=True).text


def test_the_first_runtime_answers_with_three_labels_by_default(client):
    """Nobody named: the default runtime gives its Top-3."""
    (only,) = send(client, PNG).json["results"]
    assert only["runtime"] == "fake"
    assert len(only["answers"]) == 3


def test_an_unknown_runtime_is_refused_with_the_known_ones(client):
    """A name that is not there is answered with those that are."""
    response = send(client, PNG, "?runtime=nobody")
    assert response.status_code == 400
    assert "fake, fake-slower" in response.json["error"]["message"]


@pytest.mark.long
def test_disagreement_is_told(tmp_path):
    """Where two runtimes give different labels, ``agree`` says so."""
    with fake_page(tmp_path, ["fake", "fake-wrong"]) as app:
        response = send(app.test_client(), PNG, "?runtime=fake&runtime=fake-wrong")
    assert response.json["agree"] is False


def test_a_picture_is_written_nowhere(client, monkeypatch, app):
    """A picture larger than what Werkzeug would spool to disk stays in memory, and no file holds any of it."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something was written to a temporary file")

    for name in ("TemporaryFile", "SpooledTemporaryFile", "NamedTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refuse)
        monkeypatch.setattr(f"werkzeug.formparser.{name}", refuse, raising=False)
    mark = b"a mark that is searched for"
    noise = np.random.RandomState(0).randint(0, 256, (700, 700, 3), np.uint8)
    content = stored(Image.fromarray(noise), "PNG") + mark
    assert len(content) > 1_000_000
    assert send(client, content).status_code == 200
    home = app.extensions["runoff"].config.home
    assert not [file for file in home.rglob("*") if file.is_file() and mark in file.read_bytes()]


def test_every_answer_carries_the_headers(client):
    """The page, a sample, the API and a refusal all forbid scripts and resources from elsewhere."""
    for path in ("/", "/samples/0.jpg", "/static/page.js", "/api/runtimes", "/nowhere"):
        headers = client.get(path, buffered=True).headers
        assert {name: headers[name] for name in HEADERS} == HEADERS
    assert "unsafe" not in HEADERS["Content-Security-Policy"]


def test_the_page_needs_nothing_from_elsewhere(client):
    """No address of another host, no inline script, style or handler stands in what the browser is sent."""
    for path in ("/", "/static/page.js", "/static/page.css"):
        assert "http" not in client.get(path, buffered=True).text
    page = client.get("/").text
    assert not re.findall(
        r"""(?:src|href|data-sample|url|fetch)[=(]["'`]?/""", page
    )  # below a proxy's prefix it is lost
    assert not re.findall(r"""(?:url|fetch)\(["'`]?/""", client.get("/static/page.js", buffered=True).text)
    for address in re.findall(r'(?:src|href|data-sample)="([^"]+)"', page):
        assert client.get(f"/{address}", buffered=True).status_code == 200
    assert "<style" not in page
    assert not any(f" {attribute}=" in page for attribute in ("style", "onclick", "onload", "onchange"))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/nowhere", 404),
        ("get", "/samples/99.jpg", 404),
        ("get", "/static/../app.py", 404),
        ("get", "/api/classify", 405),
        ("delete", "/", 405),
    ],
)
def test_wrong_addresses_and_methods_get_a_sentence(client, method, path, status):
    """What is not there is refused as JSON with a sentence; a wrong method names the right ones."""
    response = getattr(client, method)(path)
    assert response.status_code == status
    assert response.json["error"]["message"].endswith(".")
    assert ("Allow" in response.headers) == (status == 405)


def test_an_error_of_our_own_is_a_sentence_too(app, client, monkeypatch, caplog):
    """An unexpected error gives 500 without its text, which goes to the log."""

    def fail(content: bytes) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(app.extensions["runoff"], "open_picture", fail)
    response = send(client, PNG)
    assert response.status_code == 500
    assert "secret" not in response.text
    assert "a secret" in caplog.text


@pytest.mark.long
def test_every_sample_is_a_picture_that_is_answered(client):
    """All samples that the page offers can be fetched and classified."""
    count = client.get("/").text.count("data-sample=")
    assert count >= 6
    for number in range(count):
        assert send(client, client.get(f"/samples/{number}.jpg").data).status_code == 200


def test_answers_are_what_the_description_says(client):
    """Every kind of answer is valid under the OpenAPI description, whose addresses and statuses are the server's."""
    description = json.loads((ROOT / "webui" / "openapi.json").read_text())
    assert client.get("/api/openapi.json", buffered=True).json == description
    answers = [
        ("/api/classify", "post", send(client, PNG, "?runtime=fake&runtime=fake-slower")),
        *[("/api/classify", "post", send(client, content)) for content, _, _ in REFUSED.values()],
        ("/api/runtimes", "get", client.get("/api/runtimes")),
        ("/healthz", "get", client.get("/healthz")),
    ]
    for path, method, response in answers:
        declared = description["paths"][path][method]["responses"][str(response.status_code)]
        schema = declared["content"]["application/json"]["schema"]
        Draft202012Validator({**schema, "components": description["components"]}).validate(response.json)
    rules = {rule.rule for rule in client.application.url_map.iter_rules()}
    assert set(description["paths"]) == {rule for rule in rules if rule.startswith(("/api", "/healthz"))}


@pytest.mark.long
def test_a_missing_runtime_costs_itself_alone(tmp_path):
    """One that was not prepared is missing and says so when asked; the others answer, and the server is well."""
    with fake_page(tmp_path, ["fake", "fake-slower"], prepared=prepared_fakes(tmp_path / "fewer", ["fake"])) as app:
        client = app.test_client()
        states = {each["runtime"]: each["state"] for each in client.get("/api/runtimes").json["runtimes"]}
        assert states == {"fake": "ready", "fake-slower": "missing"}
        response = send(client, PNG, "?runtime=fake&runtime=fake-slower")
        assert [each["status"] for each in response.json["results"]] == ["answered", "failed"]
        assert send(client, PNG, "?runtime=fake-slower").status_code == 503
        assert client.get("/healthz").json == {"status": "well"}


@pytest.mark.parametrize(
    ("decoders", "runtimes", "answer"),
    [
        ([READY, RESTARTING], [UNAVAILABLE, READY], (200, "well")),
        ([READY], [STARTING, MISSING], (503, "starting")),
        ([RESTARTING, UNAVAILABLE], [READY], (503, "starting")),
        ([UNAVAILABLE], [READY], (503, "broken")),
        ([READY], [MISSING, UNAVAILABLE], (503, "broken")),
    ],
)
def test_the_server_is_well_while_it_answers(decoders, runtimes, answer):
    """It answers where one decoder and one runtime do; what is only starting is not well yet."""

    def keeper(state: str) -> SimpleNamespace:
        return SimpleNamespace(status=SimpleNamespace(state=state), answers=state == READY)

    runtimes = {state: SimpleNamespace(keeper=keeper(state)) for state in runtimes}
    app = Flask("health")
    app.register_blueprint(
        make_api(Config(), SimpleNamespace(decoders=[keeper(state) for state in decoders], runtimes=runtimes))
    )
    response = app.test_client().get("/healthz")
    assert (response.status_code, response.json["status"]) == answer


def test_a_server_without_any_runtime_is_not_well(tmp_path):
    """Where nobody can answer, the health check says so with 503."""
    with fake_page(tmp_path, ["fake"], prepared=prepared_fakes(tmp_path / "none", [])) as app:
        response = app.test_client().get("/healthz")
    assert (response.status_code, response.json) == (503, {"status": "broken"})


@pytest.mark.parametrize(("probabilities", "confidences"), [(True, [0.75, 0.25]), (False, [0.6225, 0.3775])])
def test_confidences_are_the_models_own_where_it_gives_probabilities(probabilities, confidences):
    """Of logits they are the softmax; what is a probability already is shown as it is."""
    output = Output("y", (2,), probabilities=probabilities)
    model = SimpleNamespace(labels=("cat", "dog"), outputs=(output,))
    answer = {
        "logits": base64.b64encode(np.array([0.25, 0.75], np.float32).tobytes()).decode(),
        "nanoseconds": 1,
        "threads": 1,
    }
    runtimes = SimpleNamespace(classify=lambda *_: answer, model=SimpleNamespace(result=lambda: model))
    shown = result(runtimes, SimpleNamespace(contender=SimpleNamespace(id="fake"), title="Fake"), None, 2)
    assert [each["label"] for each in shown["answers"]] == ["dog", "cat"]
    assert [each["confidence"] for each in shown["answers"]] == pytest.approx(confidences, abs=1e-4)
