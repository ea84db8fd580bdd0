"""What all parts of the run are made of."""

import contextlib
import shutil

import figures
import resources
import servers


class Part:
    """One part of the run. `say` shows progress, `keep` takes a finished run of the generator, `fail`
    a failure that none of them tells."""

    name = ""

    def __init__(self, generator, directory, binaries, size, say, keep, fail):
        self.generator = generator
        self.directory = directory
        self.binaries = binaries
        self.size = size
        self.say = say
        self.keep = keep
        self.fail = fail

    @contextlib.contextmanager
    def server(self, kind):
        """A new one, which is stopped in the end, and its data removed."""
        place = self.directory / kind.name
        try:
            server = servers.start(kind, place, self.binaries)
            try:
                yield server
            finally:
                server.stop()
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def measure(self, server, load, number, arguments, seconds):
        """Runs the generator, which should take about so long at most."""
        meter = resources.DiskMeter(server.pid, self.directory)
        run = self.generator.measure(server, [str(each) for each in arguments], seconds)
        server.wait_until_quiet()  # what it still has to write belongs to the load
        run = {"part": self.name, "load": load, "server": server.kind.name, "round": number,
               "disk": meter.read(), **self.more(), **run}
        self.keep(run)
        where = f"{self.name} {load}, round {number}: {server.kind.name}"
        for words in figures.troubles(run):
            self.say(f"FAILED: {where}: {words}")
        self.say(f"{where}: {self.summary(run) if run['result'] else 'no result'}")
        return run

    def more(self):
        """What else is kept of a run that has just ended."""
        return {}

    def summary(self, run):
        """A line on the result of a run."""
        raise NotImplementedError
