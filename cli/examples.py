"""Examples that the help of each command ends with; a test parses every one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..core.named import NamedTuple


class Example(NamedTuple):
    """A command line, without `graft`, and what it does."""

    line: str
    what: str


EXAMPLES: Mapping[str, Sequence[Example]] = {
    "init": (
        Example("init churn", "a project that runs, in a new directory"),
        Example("init screening --template tabular", "one that trains and applies a model"),
        Example("init --from prep.py train.py report.ipynb", "propose a pipeline of what is here"),
    ),
    "run": (
        Example("run", "the project's own pipeline"),
        Example("run pipeline.py -p C=0.1 -j 4", "a file's, with a parameter, on 4 cpus"),
        Example("run --from fit", "step fit and what follows; the rest as last made"),
        Example("--json run | jq .metrics", "for programs"),
    ),
    "watch": (
        Example("watch", "the project's own pipeline"),
        Example("watch pipeline.py --to fit -p C=0.1", "up to step fit, with a parameter"),
        Example("watch --effects --notify", "publish and all, and ring the bell"),
        Example("--json watch | jq .event", "for programs"),
    ),
    "plan": (
        Example("plan", "what would run now, and why"),
        Example("plan -p C=0.5 --from fit", "of a part, with a parameter"),
        Example("plan --exit-code", "for scripts: 5 when something would run"),
    ),
    "graph": (
        Example("graph", "the project's pipeline, in the terminal"),
        Example("graph --run @last", "a run, with the states of its steps"),
        Example("graph pipeline.py -o graph.svg", "as a picture"),
    ),
    "check": (
        Example("check pipeline.py", "does it import, and do the steps fit?"),
        Example("check -p C=ten", "is the parameter taken, and does it cast?"),
    ),
    "sweep": (
        Example("sweep -S C=0.1,1,10 -S depth=2:6 --by auc", "every combination, ranked"),
        Example("sweep pipeline.py -S lr=log(1e-4,1e-1) --random 20 --by loss --minimize", "20 drawn at random"),
        Example("sweep -S C=0.1,1,10 -n", "which trials, and what of each would run"),
        Example("runs --parent @last --by auc --columns C,depth --top 5", "the leaderboard, later"),
    ),
    "lock": (
        Example("lock", "write or update graftline.lock; commit it"),
        Example("lock --check", "is everything as locked? exit code 5 when not, for CI"),
        Example("lock --check --outputs", "do the results of this machine have the locked bytes?"),
    ),
    "job": (
        Example("job fn steps.py:fit -p C=0.1 --returns model", "one function"),
        Example("job sh 'wc -l $file' -p file=data.csv", "one command"),
        Example("job script train.py -- --C 0.1", "one script with its own options"),
    ),
    "train": (
        Example("train churn", "the newest release of project churn, with its own code"),
        Example("train . -p C=0.1", "the working copy, as a development lineage"),
        Example("train churn --upper 2026-01-31", "on rows up to a day; the next training goes on there"),
        Example("train churn -E nightly", "with the feeds of [engine.nightly]"),
    ),
    "tune": (
        Example("tune churn", "as the newest release of churn says with tune="),
        Example("tune . --method random --trials 40 -j 4", "the working copy, 40 trials at random"),
        Example("tune . -S C=log(1e-3,10,7) --maximize auc", "search this, whatever tune= says"),
    ),
    "apply": (
        Example("apply churn@champion", "the champion, to what its source asks for"),
        Example("apply churn -o scores.csv", "into a file"),
        Example("apply churn 0.2.0 3 --query data/new.csv", "generation 3 of 0.2.0, to other rows"),
    ),
    "eval": (
        Example("eval churn", "the champion, on rows after those it was trained on"),
        Example("eval .", "the working copy, as its evaluation= says"),
    ),
    "runs": (
        Example("ls --state failed --since 2d", "what failed since two days ago"),
        Example("ls --by accuracy --columns C --top 5", "the five best, with their C"),
        Example("ls --all-projects", "of every project"),
    ),
    "show": (
        Example("show", "the last run"),
        Example("show k3f9", "the one whose id begins so"),
        Example("--json show @last-failed --full", "every attempt, for programs"),
    ),
    "why": (
        Example("why", "why each step of the last run ran"),
        Example("why fit", "of its step fit: changed lines, old and new values"),
        Example("why @last-failed fit", "the error, then what differs from its last success"),
        Example("why fit:model", "everything that an artifact was made from"),
    ),
    "diff": (
        Example("diff", "the last two runs"),
        Example("diff k3f9 @last --stat", "another with the last, without lines of code"),
        Example("--json diff @last~3 @last | jq .first", "where they first part, for programs"),
    ),
    "logs": (
        Example("logs @last fit", "what step fit wrote in the last run"),
        Example("logs -f", "follow the last run"),
        Example("logs k3f9 fit --attempt 1 --tail 20", "the end of its first attempt"),
        Example("logs --grep OutOfMemory --since 2d", "which runs of two days wrote it, and where"),
    ),
    "output": (
        Example("output", "list what the last run made"),
        Example("output @last accuracy", "print one value"),
        Example("output k3f9 fit:model -o model.pkl", "save one as it is stored"),
    ),
    "debug": (
        Example("debug", "the first failed step of the last failed run"),
        Example("debug k3f9 trials/3/fit --set C=0.1", "one item of a map, with another C"),
        Example("debug @last fit --shell", "its inputs at a prompt"),
    ),
    "events": (
        Example("events --run @last", "everything that happened in a run"),
        Example("--json events -f", "follow all runs of the store, for programs"),
    ),
    "attach": (Example("attach", "follow the last run, e.g. one started with -d"),),
    "retry": (
        Example("retry", "the last failed run, after a fix"),
        Example("retry -n", "what would run again, what stays"),
        Example("retry k3f9 --from fit --code recorded", "again from fit, with the code of then"),
    ),
    "resume": (Example("resume", "after a crash or a reboot"),),
    "cancel": (
        Example("cancel", "stop the last run"),
        Example("cancel k3f9 --kill", "at once"),
    ),
    "rerun": (
        Example("rerun k3f9", "same code, same parameters, a new run"),
        Example("rerun --code current", "the last run again, with the code as it is now"),
    ),
    "promote": (
        Example("promote k3f9 --to cluster -n", "what would be sent, and what stands in the way"),
        Example("promote k3f9 --to cluster", "run it there, then compare every output"),
        Example("promote --compare p7qa", "compare a promoted run with its parent again"),
    ),
    "pull": (
        Example("pull k3f9", "what the run left in its runner's artifacts"),
        Example("pull k3f9 --from /shared/runs", "a run from a directory, also one that is not known here"),
    ),
    "verify": (
        Example("verify", "the last run: does every step make the same again?"),
        Example("verify k3f9 --sample 10%", "a tenth of its steps, some of every kind"),
        Example("verify --only fit --rtol 1e-6", "one step; numbers that close are equal"),
    ),
    "release": (
        Example("release", "the version of graftline.toml, or the first"),
        Example("release --bump minor -m 'more features'", "the next one"),
        Example("release --bump patch --carry @champion", "a fix that leaves the training alone"),
    ),
    "list": (
        Example("list", "the projects of the registry"),
        Example("list churn 0.2.0", "the generations of a lineage"),
        Example("list churn@champion -P ./models", "one generation, in another registry"),
    ),
    "alias": (
        Example("alias set churn/0.2.0/3 champion", "if the gates of graftline.toml hold"),
        Example("alias set churn challenger --expect none", "the newest, if nobody was quicker"),
        Example("alias ls churn --history", "every move, by whom and why"),
    ),
    "rollback": (
        Example("rollback churn@champion", "to where it stood before"),
        Example("rollback churn@champion --to 0.1.0/2", "to where it stood some time"),
    ),
    "copy": (
        Example("copy churn --to ./models -n", "what would be sent?"),
        Example("copy churn@champion --to shared --aliases", "one generation, with its alias"),
    ),
    "export": (
        Example("export --html", "the newest run over time, as a page"),
        Example("export churn@champion -o champion.graft", "one generation as a file"),
    ),
    "import": (
        Example("import champion.graft -n", "verify it: what does it bring?"),
        Example("import champion.graft --aliases", "take it in"),
    ),
    "build": (Example("build churn@champion -o churn-champion", "everything it takes to apply it elsewhere"),),
    "remove": (Example("remove churn/0.1.0/2", "one generation; shows it and asks"),),
    "submit": (
        Example("submit script etl.py run -p day=2026-01-01 --wait", "call run() of a file, on any worker"),
        Example(
            "submit model titanic fit 'data[x,z]' 'data[y]' --label gpu", "fit a model that was put, on a gpu worker"
        ),
        Example("submit notebook report.ipynb run -p C=0.1", "run a notebook"),
    ),
    "result": (
        Example("result k3f9 --wait", "wait for a submission, and print its value"),
        Example("result k3f9 --json", "where it stands"),
    ),
    "worker": (
        Example("worker", "serve label 'default', a run at a time"),
        Example("worker --label gpu -j 2", "serve another one, two runs at a time"),
        Example("worker --once", "host what waits, and end"),
        Example("worker --celery redis://10.0.0.1/0 --label gpu", "execute steps with this label, for runs anywhere"),
    ),
    "workers": (Example("workers", "who works, and what waits"),),
    "functions": (Example("functions", "the newest version of each"),),
    "function": (
        Example("function add fit steps.py:fit --returns model", "register one, with its code"),
        Example("function add fit git+https://example.org/lib.git@v2#fit.py:fit", "from a repository"),
        Example("function run fit@1 -p C=0.1", "run its first version"),
        Example("function show fit", "what it is, and its versions"),
    ),
    "config": (
        Example("config", "every setting and who set it"),
        Example("config --explain runner.default", "what each layer says of it"),
    ),
    "secret": (
        Example("secret set TOKEN", "asks for the value without showing it"),
        Example("secret list", "names and where they are from"),
        Example("secret rm TOKEN", "forget it"),
    ),
    "plugins": (Example("plugins", ""),),
    "doctor": (Example("doctor", ""), Example("doctor --repair", "mend what can be mended")),
    "backup": (
        Example("backup /mnt/disk/graft-2026-11-21", "a copy that is a store itself"),
        Example("ls --store /mnt/disk/graft-2026-11-21", "look into it"),
    ),
    "gc": (
        Example("gc", "what nobody refers to: shows it and asks"),
        Example("gc --keep-last 10 --plan", "what else could go, but for the newest 10 runs of each pipeline"),
        Example("gc --max-bytes 10GB -y", "values of the oldest runs, until the rest fits"),
        Example("gc --runs --older-than 90d", "whole runs, with their logs"),
    ),
}
"""Command -> its examples; `ls` shows those of `runs`."""


def example_lines(command: str) -> list[tuple[str, str]]:
    """Return the examples of a command as they are shown: the whole line, and what it does."""
    name = "runs" if command == "ls" else command
    return [(f"graft {each.line}", each.what) for each in EXAMPLES.get(name, ())]
