"""The container files: everything that refers to something else refers to what is there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import tomllib
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.settings import Auth, Settings

ROOT = Path(__file__).resolve().parent.parent
BASE = ROOT / "k8s" / "base"
DOCKERFILE = ROOT / "k8s" / "Dockerfile"
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
NAMES = {f"GATEWAY_{name.upper()}" for name in Settings.model_fields}


def load(name: str) -> dict[str, Any]:
    document = yaml.safe_load((BASE / name).read_text())
    assert isinstance(document, dict)
    return document


KUSTOMIZATION = load("kustomization.yaml")
RESOURCES = {document["kind"]: document for document in map(load, KUSTOMIZATION["resources"])}
DEPLOYMENT = RESOURCES["Deployment"]["spec"]
POD = DEPLOYMENT["template"]["spec"]
CONTAINER = POD["containers"][0]


def instructions() -> list[tuple[str, str]]:
    """Return (instruction, arguments) of the Dockerfile, continued lines joined."""
    text = re.sub(r"\\\n\s*", " ", DOCKERFILE.read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.partition(" ")[0], line.partition(" ")[2].strip()) for line in lines]


STEPS = instructions()
FINAL = STEPS[max(n for n, (name, _) in enumerate(STEPS) if name == "FROM") :]


def environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for name, value in FINAL if name == "ENV" for pair in value.split())


def settings(values: dict[str, str]) -> Settings:
    """Return the settings that the variables `values` make, read the way the process reads them."""
    fields = {name.removeprefix("GATEWAY_").lower(): value for name, value in values.items()}
    return Settings.model_validate(fields)


def generated() -> dict[str, dict[str, str]]:
    return {
        entry["name"]: dict(literal.split("=", 1) for literal in entry["literals"])
        for entry in KUSTOMIZATION["configMapGenerator"]
    }


def test_every_manifest_is_listed() -> None:
    files = {path.name for path in BASE.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(KUSTOMIZATION["resources"]) == files
    assert set(RESOURCES) == {"Deployment", "Service", "PersistentVolumeClaim"}


@pytest.mark.parametrize("document", [KUSTOMIZATION, *RESOURCES.values()], ids=lambda d: d["kind"])
def test_names_are_dns_labels(document: dict[str, Any]) -> None:
    names = [document.get("metadata", {}).get("name"), *(c["name"] for c in document.get("configMapGenerator", []))]
    for name in filter(None, names):
        assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name), name


def test_no_secret_is_committed() -> None:
    for path in (ROOT / "k8s").rglob("*"):
        if path.is_file():
            text = "\n".join(line for line in path.read_text().splitlines() if not line.lstrip().startswith("#"))
            assert "kind: Secret" not in text
            assert "secretGenerator" not in text
            # A command that makes one on the spot is no secret.
            assert not re.search(r"GATEWAY_TOKEN\s*[:=]\s*(?!\"\$\(openssl rand )\S", text)


def test_selectors_select_the_pod() -> None:
    labels = DEPLOYMENT["template"]["metadata"]["labels"]
    for selector in (DEPLOYMENT["selector"]["matchLabels"], RESOURCES["Service"]["spec"]["selector"]):
        assert selector
        assert selector.items() <= labels.items()


def test_ports_and_probes_meet_the_listening_port() -> None:
    ports = {port["name"]: port["containerPort"] for port in CONTAINER["ports"]}
    assert ports == {"http": int(environment()["GATEWAY_PORT"])}
    assert [port["targetPort"] for port in RESOURCES["Service"]["spec"]["ports"]] == ["http"]
    probes = {name: CONTAINER[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    assert {name: probe["path"] for name, probe in probes.items()} == {
        "startup": "/healthz",
        "liveness": "/healthz",
        "readiness": "/readyz",
    }
    assert {probe["port"] for probe in probes.values()} == {"http"}
    assert ("EXPOSE", environment()["GATEWAY_PORT"]) in FINAL


def test_probes_are_paths_that_need_no_token() -> None:
    health = (ROOT / "gateway" / "web" / "health.py").read_text()
    for probe in ("startup", "liveness", "readiness"):
        path = CONTAINER[f"{probe}Probe"]["httpGet"]["path"]
        assert re.search(rf'route\("{path}", \w+, Permission\.PUBLIC\)', health)


def test_mounts_and_volumes_match() -> None:
    mounts = {mount["name"]: mount["mountPath"] for mount in CONTAINER["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in POD["volumes"]}
    assert mounts.keys() == volumes.keys()
    assert mounts["data"] == environment()["GATEWAY_DATA_DIR"]
    assert mounts["tmp"] == "/tmp"
    claim = volumes["data"]["persistentVolumeClaim"]["claimName"]
    assert claim == RESOURCES["PersistentVolumeClaim"]["metadata"]["name"]


def test_the_pod_may_do_as_little_as_possible() -> None:
    assert POD["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "runAsGroup": 10001,
        "fsGroup": 10001,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert POD["automountServiceAccountToken"] is False
    assert set(CONTAINER["resources"]) == {"requests", "limits"}


def test_one_pod_holds_the_database() -> None:
    assert DEPLOYMENT["replicas"] == 1
    assert DEPLOYMENT["strategy"] == {"type": "Recreate"}
    assert RESOURCES["PersistentVolumeClaim"]["spec"]["accessModes"] == ["ReadWriteOnce"]


def test_it_drains_before_it_stops() -> None:
    assert CONTAINER["lifecycle"]["preStop"]["exec"]["command"] == ["sleep", "3"]
    shutdown = re.search(r"timeout_graceful_shutdown=(\d+)", (ROOT / "gateway" / "cli.py").read_text())
    assert shutdown is not None
    assert POD["terminationGracePeriodSeconds"] > 3 + int(shutdown[1])


def test_services_cannot_inject_settings() -> None:
    assert POD["enableServiceLinks"] is False


def test_settings_come_from_what_exists_and_are_settings() -> None:
    sources = {kind: source["name"] for entry in CONTAINER["envFrom"] for kind, source in entry.items()}
    assert sources == {"configMapRef": "gateway-settings", "secretRef": "gateway-secrets"}
    values = generated()["gateway-settings"]
    named = {entry["name"] for entry in CONTAINER["env"]}
    image = {name for name in environment() if name.startswith("GATEWAY_")}
    assert values.keys() | named | image <= NAMES
    told = set(re.findall(r"GATEWAY_[A-Z_]+", (BASE / "kustomization.yaml").read_text()))
    assert told <= NAMES


def test_a_secret_without_a_token_stops_the_pod() -> None:
    token = next(entry for entry in CONTAINER["env"] if entry["name"] == "GATEWAY_TOKEN")
    reference = token["valueFrom"]["secretKeyRef"]
    assert reference == {"name": "gateway-secrets", "key": "GATEWAY_TOKEN"}
    assert "optional" not in reference


def test_the_settings_are_accepted_together() -> None:
    image = {name: value for name, value in environment().items() if name.startswith("GATEWAY_")}
    chosen = settings(image | generated()["gateway-settings"] | {"GATEWAY_TOKEN": "a-token-long-enough"})
    assert chosen.auth is Auth.TOKEN
    assert chosen.host == "0.0.0.0"
    assert chosen.data_dir == Path("/data")
    with pytest.raises(ValueError, match="AUTH=none"):
        settings(image | {"GATEWAY_AUTH": "none"})


def test_image_name_and_version() -> None:
    image = KUSTOMIZATION["images"][0]
    assert image["name"] == CONTAINER["image"]
    assert image["newTag"] == VERSION
    assert f"-t {image['name']}:{VERSION}" in DOCKERFILE.read_text()


def test_the_image_runs_as_a_number_that_is_not_root() -> None:
    users = [value for name, value in FINAL if name == "USER"]
    context = POD["securityContext"]
    assert users == [f"{context['runAsUser']}:{context['runAsGroup']}"]
    after = [name for name, _ in FINAL[[name for name, _ in FINAL].index("USER") :]]
    assert "RUN" not in after
    assert "COPY" not in after


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False), (None, False)])
def test_the_image_checks_its_health(status: int | None, healthy: bool) -> None:
    check = next(value for name, value in FINAL if name == "HEALTHCHECK")
    command = json.loads(check.partition("CMD ")[2])
    assert command[:2] == ["python", "-c"]

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" and status else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        variables = {"GATEWAY_PORT": str(server.server_address[1]), "http_proxy": "http://127.0.0.1:9"}
        run = subprocess.run([sys.executable, *command[1:]], env=variables, capture_output=True, check=False)
        server.shutdown()
    assert (run.returncode == 0) is healthy


def test_the_image_is_made_from_the_lock_and_nothing_else() -> None:
    installs = [value for name, value in STEPS if name == "RUN" and "pip install" in value]
    assert len(installs) == 1
    assert "--require-hashes -r /tmp/run.txt" in installs[0]
    assert ("COPY", ".lock/run.txt /tmp/run.txt") in STEPS
    assert {value for name, value in STEPS if name == "FROM"} == {"python:3.11-slim AS build", "python:3.11-slim"}
    assert not [value for name, value in FINAL if name == "RUN" and re.search(r"pip|apt|curl", value)]


def test_everything_the_image_copies_enters_the_build() -> None:
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert rules[0] == "*"
    allowed = {rule[1:] for rule in rules if rule.startswith("!")}
    copied = {value.split()[0] for name, value in STEPS if name == "COPY" and not value.startswith("--from")}
    assert copied == allowed
    for name in copied:
        assert (ROOT / name).exists()
    assert any(fnmatch("gateway/__pycache__", rule) for rule in rules[1:])


def test_the_data_volume_belongs_to_the_user() -> None:
    made = next(value for name, value in FINAL if name == "RUN")
    assert made == "install -d -m 0700 -o 10001 -g 10001 /data"
    assert ("VOLUME", environment()["GATEWAY_DATA_DIR"]) in FINAL
    order = [name for name, _ in FINAL]
    assert order.index("RUN") < order.index("VOLUME")


def test_the_command_is_the_module_that_exists() -> None:
    entry = json.loads(next(value for name, value in FINAL if name == "ENTRYPOINT"))
    assert entry == ["python", "-m", "gateway.cli"]
    cli = (ROOT / "gateway" / "cli.py").read_text()
    assert 'if __name__ == "__main__":' in cli
    command = json.loads(next(value for name, value in FINAL if name == "CMD"))
    assert f'add_parser("{command[0]}"' in cli
