"""PyTorch as a process that is timed in turn with Gatun: answers each line of JSON on stdin by one on stdout.

    {"prepare": LINE, "tf32": false, "amp": false, "compile": false}   ->   {"ready": "PyTorch 2.11, eager, …"}
    {"runs": N}   ->   {"ns": nanoseconds of one run}
    what goes wrong   ->   {"error": "one line"}, and the traceback on stderr

LINE is a spec's (torch_ops.py), or "step NET batch=N" (torch_step.py). One problem at a time, on the GPU if there is one.
"""

import gc
import json
import os
import sys
import traceback

import torch

from torch_ops import nanos, operation
from torch_step import allow_tf32, training

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"

# Autotuning and the first launches belong to nobody's time.
WARM = 3


def step(line, question):
    _, net, batch = line.split()
    return training(net, "nhwc", DEVICE, int(batch.removeprefix("batch=")), question["amp"], question["compile"])[0]


def prepare(question):
    line = question["prepare"]
    allow_tf32(question["tf32"])
    run = step(line, question) if line.startswith("step ") else operation(line, DEVICE)
    nanos(run, WARM, DEVICE)
    return run


def named(question):
    name = f"PyTorch {torch.__version__} on {torch.cuda.get_device_name() if DEVICE == 'cuda' else 'the CPU'}"
    modes = ["compiled" if question["compile"] else "eager"]
    modes += ["amp bf16"] if question["amp"] else []
    modes += ["tf32"] if question["tf32"] else []
    return ", ".join([name, *modes])


def main():
    # What libraries print must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    torch.manual_seed(1)
    torch.backends.cudnn.benchmark = True
    run = None
    for line in sys.stdin:
        question = json.loads(line)
        try:
            if "prepare" in question:
                run = None
                gc.collect()
                torch.compiler.reset()
                if DEVICE == "cuda":
                    torch.cuda.empty_cache()
                run = prepare(question)
                answer = {"ready": named(question)}
            else:
                answer = {"ns": nanos(run, int(question["runs"]), DEVICE)}
        except Exception as error:
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error) else ''}"}
        print(json.dumps(answer), file=answers)


if __name__ == "__main__":
    main()
