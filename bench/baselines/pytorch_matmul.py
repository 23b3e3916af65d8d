"""A GEMM of two square matrices in PyTorch: python pytorch_matmul.py --size 1024."""
from measure import options, rates, report, seconds_since_start

import torch


def main():
    given = options(size=1024, precision="f32")
    torch.set_num_threads(given.threads)
    dtype = torch.bfloat16 if given.precision == "bf16" else torch.float32
    a = torch.rand(given.size, given.size).to(dtype)
    b = torch.rand(given.size, given.size).to(dtype)
    a @ b
    first = round(seconds_since_start(), 3)
    report(
        rates(lambda: a @ b, given), 2 * given.size ** 3 / 1e9, "gflops",
        library="pytorch", version=torch.__version__, engine="eager", task="matmul", size=given.size,
        precision=given.precision, threads=given.threads, firstStepSeconds=first)


main()
