"""Gatun beside PyTorch: each model's training step in turn, round after round, as a Markdown table of ratios.

    python perf/peers/against_pytorch.py [MODEL ...] [--rounds N] [--backend NAME] [--threads N] [--save FILE]

Run it with a Python that has torch, on a machine that does nothing else. A round runs `gatun bench train MODEL` and
torch_step.py one after the other, each in a process of its own; of PyTorch's two image layouts the one that was faster
in the first round goes on. The ratio is PyTorch's median time over Gatun's in the same round: above 1 Gatun is faster.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
GATUN = HERE.parent.parent / "gatun"
IMAGES = ["resnet20", "resnet18c", "resnet50", "vgg16"]
MODELS = ["resnet20", "resnet18c", "resnet50", "lstm", "gru", "transformer", "mlp", "adamw", "sgd"]
PARAMETERS = 25_000_000
OPTIMIZERS = {
    "adamw": f"adamw f32 count={PARAMETERS}",
    "sgd": f"sgd f32 count={PARAMETERS} decayed={PARAMETERS} momentum=0.9 decay=5.0E-4",
}


def run(command):
    """The object on the last line that the command prints."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(str(word) for word in command)} failed:\n{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def gatun(model, options):
    threads = ["--threads", options.threads] if options.threads else []
    if model in OPTIMIZERS:
        return run([GATUN, "bench", OPTIMIZERS[model], "--vs", "simd", "--json", "--seconds", 3, *threads])
    return run([GATUN, "bench", "train", model, "--backend", options.backend, "--json", *threads])


def torch(model, layout, options):
    threads = ["--threads", options.threads] if options.threads else []
    return run([sys.executable, HERE / "torch_step.py", model, "--layout", layout, *threads])


def compare(model, options):
    layouts = ["nhwc", "nchw"] if model in IMAGES else ["nhwc"]
    ours, theirs = [], []
    for _ in range(options.rounds):
        ours.append(gatun(model, options))
        results = [torch(model, layout, options) for layout in layouts]
        theirs.append(min(results, key=lambda result: result["median_ms"]))
        layouts = [theirs[-1]["layout"]]
    return ours, theirs


def row(model, ours, theirs):
    ratios = sorted(theirs[i]["median_ms"] / ours[i]["median_ms"] for i in range(len(ours)))
    bests = sorted(theirs[i]["best_ms"] / ours[i]["best_ms"] for i in range(len(ours)))

    def middle(results, key):
        return statistics.median(result[key] for result in results)

    memory = "" if "peak_rss_mb" not in ours[0] else (
        f"{middle(ours, 'peak_rss_mb'):,.0f} / {middle(theirs, 'peak_rss_mb'):,.0f} MB,"
        f" {middle(ours, 'peak_rss_mb') / middle(theirs, 'peak_rss_mb'):.2f}")
    return (
        f"| {model} | {middle(ours, 'median_ms'):,.1f} | {middle(theirs, 'median_ms'):,.1f} |"
        f" {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}) | {statistics.median(bests):.2f} |"
        f" {memory} |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="*", default=MODELS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--backend", default="auto")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--save", type=pathlib.Path, help="also write every run's JSON here")
    options = parser.parse_args()
    unknown = [model for model in options.models if model not in [*IMAGES, *MODELS]]
    if unknown:
        parser.error(f"unknown model {unknown[0]}; known are {', '.join([*IMAGES, *MODELS[3:]])}")
    everything = {}
    print("| step | Gatun, ms | PyTorch, ms | ratio (spread) | of the best steps | peak memory, Gatun / PyTorch |")
    print("| --- | --- | --- | --- | --- | --- |")
    for model in options.models:
        ours, theirs = compare(model, options)
        everything[model] = {"gatun": ours, "torch": theirs}
        print(row(model, ours, theirs), flush=True)
        if options.save:
            options.save.write_text(json.dumps(everything, indent=1) + "\n")


if __name__ == "__main__":
    main()
