#!/usr/bin/env python3
"""Plans, claims, records and reports a study of many trials, with a worker that does nothing.

    cargo build --release && benches/scale.py [TRIALS]

Slurm is made up: what it is handed is done at once, by copying the run of one real trial. Prints seconds, and, where strace
is there, the calls that ask the file system for something.
"""
import os, pathlib, shutil, subprocess, sys, tempfile, time

STUDY = """
[data]
dataset = "japanese-vowels"
train_limit = 60
[model]
hidden = 4
[optim]
epochs = 1
[grid]
model.variant = ["lstm", "lstm3"]
optim.learning_rate = [{rates}]
run.seed = [{seeds}]
[compare]
widen = false
[launch]
launcher = "{launcher}"
at_most_queued = 1000
"""

SBATCH = '''#!/usr/bin/env python3
import json, os, pathlib, re, sys, tomllib
if "--test-only" in sys.argv:
    sys.exit()
script = sys.stdin.read()
here = pathlib.Path(__file__).parent
name = next(option for option in sys.argv if option.startswith("--job-name=")).split("=")[1]
queue = pathlib.Path(re.search(r"^queue=(.*)$", script, re.M)[1])
elements = re.findall(r"^\\d+\\) trials='(.*)' ;;$", script, re.M)
template = {path.name: path.read_bytes() for path in (here / "template").iterdir() if path.is_file()}
plain = lambda value: json.dumps(value)
for trial in " ".join(elements).split():
    job = tomllib.loads((queue / f"{trial}.toml").read_text())
    for step in job["steps"]:
        if step["do"] == "train":
            run = queue.parent / "trials" / trial
            run.mkdir(exist_ok=True)
            for file, content in template.items():
                (run / file).write_bytes(content)
            settings = dict(step["settings"])
            settings["run"] = settings["run"] | {"name": trial, "out": str(run.parent)}
            text = "".join(
                f"[{section}]\\n" + "".join(f"{key} = {plain(value)}\\n" for key, value in values.items())
                for section, values in settings.items()
            )
            (run / "config.toml").write_text(text)
        elif step["do"] == "time":
            for run in step["runs"]:
                timing = {"training_step_ms": 1.0, "prediction_ms": 1.0, "batch_prediction_ms": 1.0, "threads": 1}
                (queue / run / "timing.json").write_text(json.dumps(timing))
    (queue / f"{trial}.outcome").write_text('{"end":"done","failures":[]}')
    (queue / f"{trial}.events").write_text('{"event":"ended","end":"done"}\\n')
(here / name).write_text(str(len(elements)))
print(1)
'''

SQUEUE = '''#!/usr/bin/env python3
import pathlib, sys
names = next(option for option in sys.argv if option.startswith("--name=")).split("=")[1]
for name in names.split(","):
    for index in range(int((pathlib.Path(__file__).parent / name).read_text())):
        print(f"{name}|{index}|COMPLETED|None")
'''


def main():
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    program = pathlib.Path(__file__).parent.parent / "target/release/slimgate"
    program = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", program.parent.parent)) / "release/slimgate"
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        study = lambda rates, seeds, launcher: STUDY.format(
            rates=", ".join(f"{1e-4 * 2**rate:.6f}" for rate in range(rates)),
            seeds=", ".join(map(str, range(1, seeds + 1))),
            launcher=launcher,
        )
        (folder / "one.toml").write_text(study(1, 1, "this-machine"))
        (folder / "many.toml").write_text(study(10, trials // 20, "slurm"))
        run = lambda *line: subprocess.run(line, cwd=folder, env=env, check=True, capture_output=True, text=True)
        env = dict(os.environ)
        run(program, "compare", "one.toml", "--out", "one")
        tools = folder / "bin"
        tools.mkdir()
        shutil.copytree(next((folder / "one/trials").glob("lstm-*")), tools / "template")
        # As an older version wrote it: without the settings that it was begun with.
        manifest = tools / "template/manifest.json"
        manifest.write_text('{"epochs":[]}')
        (tools / "template/timing.json").unlink(missing_ok=True)
        for name, script in [("sbatch", SBATCH), ("squeue", SQUEUE)]:
            (tools / name).write_text(script)
            (tools / name).chmod(0o755)
        env["PATH"] = f"{tools}:{env['PATH']}"

        def timed(name, *line):
            started = time.time()
            run(program, *line)
            print(f"{name}: {time.time() - started:.1f} s", flush=True)

        timed("plan", "compare", "many.toml", "--out", "many", "--dry-run")
        strace = shutil.which("strace")
        prefix = [strace, "-e", "trace=%file,%desc", "-o", folder / "calls"] if strace else []
        started = time.time()
        run(*prefix, program, "compare", "many.toml", "--out", "many")
        print(f"compare, the workers included: {time.time() - started:.1f} s")
        if strace:
            calls = sum(1 for line in open(folder / "calls") if "many/" in line or "lease" in line)
            print(f"calls of the submitter that name a file of the study: {calls / trials:.1f} a trial")
        files = sum(len(files) for _, _, files in os.walk(folder / "many"))
        print(f"files: {files / trials:.1f} a trial")
        timed("status", "status", "many")
        timed("report", "report", "many")


main()
