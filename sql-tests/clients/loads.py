"""Stream Loads that overlap, stop half-way or meet a crash; curl as the client where it can be."""
import json
import socket
import subprocess
import threading
import time

from server import Server, eventually, rows

HEADERS = "Authorization: Basic cm9vdDo=\r\ncolumn_separator: ,\r\n"


class SlowLoad:
    """A load whose body is sent by hand, chunk by chunk."""

    def __init__(self, server, label):
        self.socket = socket.create_connection(("127.0.0.1", server.http_port))
        head = f"PUT /api/d/t/_stream_load HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{HEADERS}label: {label}\r\n"
        self.socket.sendall((head + "Transfer-Encoding: chunked\r\n\r\n").encode())

    def send(self, text):
        data = text.encode()
        self.socket.sendall(b"%x\r\n%s\r\n" % (len(data), data))

    def finish(self):
        """The answer after the end of the body."""
        self.socket.sendall(b"0\r\n\r\n")
        reply = b""
        while part := self.socket.recv(65536):
            reply += part
        body = reply.split(b"\r\n\r\n", 1)[1]
        return json.loads(body[body.index(b"{"):body.rindex(b"}") + 1])

    def drop(self):
        self.socket.close()


def load(server, label, text):
    command = ["curl", "-sS", "-u", "root:", "-H", f"label:{label}", "-H", "column_separator:,", "-T", "-", "-XPUT",
               server.url("/api/d/t/_stream_load")]
    return json.loads(subprocess.run(command, input=text, capture_output=True, text=True, timeout=60).stdout)


def count(server):
    return rows(server.connect(), "SELECT count(*) FROM d.t")[0][0]


def run(checks):
    with Server() as server:
        for sql in ("CREATE DATABASE d", "CREATE TABLE d.t (a INT, b STRING)"):
            rows(server.connect(), sql)
        same_label(checks, server)
        dropped(checks, server)
        interrupted_by_a_crash(checks, server)
        cancelled(checks, server)
        at_once(checks, server)
        while_dropping(checks, server)


def same_label(checks, server):
    slow = SlowLoad(server, "shared")
    slow.send("1,a\n")
    second = eventually(lambda: (r := load(server, "shared", "9,z\n"))["Status"] == "Label Already Exists" and r, 5)
    checks.that("a running label is refused", second and second.get("ExistingJobStatus") == "RUNNING", second)
    checks.equal("nothing is visible before the end", count(server), 0)
    slow.send("2,b\n")
    reply = slow.finish()
    checks.equal("the first one succeeds", (reply["Status"], reply["NumberLoadedRows"]), ("Success", 2))
    checks.equal("afterwards", load(server, "shared", "9,z\n").get("ExistingJobStatus"), "FINISHED")


def dropped(checks, server):
    before = count(server)
    slow = SlowLoad(server, "dropped")
    slow.send("3,c\n" * 1000)
    slow.drop()
    reply = eventually(lambda: (r := load(server, "dropped", "4,d\n"))["Status"] == "Success" and r, 20)
    checks.that("the label of a load whose client went away is free", reply, reply)
    checks.equal("and its rows are not there", count(server), before + 1)


def interrupted_by_a_crash(checks, server):
    before = count(server)
    slow = SlowLoad(server, "crashed")
    slow.send("5,e\n" * 1000)
    server.kill()
    server.start()
    checks.equal("a crash leaves no half load", count(server), before)
    checks.equal("its label is free", load(server, "crashed", "6,f\n").get("Status"), "Success")


def cancelled(checks, server):
    before = count(server)
    slow = SlowLoad(server, "cancelled")
    slow.send("8,h\n" * 1000)
    path = "/api/d/cancelled/_cancel"
    reply = eventually(lambda: (r := post(server, path))["status"] == "OK" and r, 20)
    checks.equal("_cancel", reply, {"status": "OK", "code": "0", "msg": "Success", "message": "OK"})
    reply = slow.finish()
    checks.equal("ends the load", (reply["Status"], reply["Message"]), ("Fail", "user cancel"))
    state = rows(server.connect(), "SELECT STATE, ERROR_MSG FROM information_schema.loads WHERE LABEL = 'cancelled'")
    checks.equal("which is recorded", state, [("CANCELLED", "user cancel")])
    checks.equal("without rows", count(server), before)
    checks.equal("its label is free", load(server, "cancelled", "8,h\n")["Status"], "Success")
    checks.equal("a finished load is not cancelled", post(server, path)["status"], "FAILED")


def post(server, path):
    command = ["curl", "-sS", "-u", "root:", "-XPOST", server.url(path)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, timeout=60).stdout)


def at_once(checks, server):
    """Many loads in parallel: every one is there, once."""
    before, replies = count(server), []

    def work(worker):
        for i in range(10):
            replies.append(load(server, f"w{worker}-{i}", "".join(f"{n},w{worker}\n" for n in range(20)))["Status"])

    threads = [threading.Thread(target=work, args=(w,)) for w in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    checks.equal("80 loads at once succeed", (len(replies), set(replies)), (80, {"Success"}))
    checks.equal("their rows", count(server) - before, 1600)


def while_dropping(checks, server):
    """A table that is dropped during a load: the load fails, or its rows are gone with the table."""
    db = server.connect()
    slow = SlowLoad(server, "homeless")
    slow.send("7,g\n")
    time.sleep(0.2)
    rows(db, "DROP TABLE d.t FORCE")
    reply = slow.finish()
    checks.equal("a load into a dropped table fails", reply.get("Status"), "Fail")
    rows(db, "CREATE TABLE d.t (a INT, b STRING)")
    checks.equal("and leaves nothing in a new one", count(server), 0)
