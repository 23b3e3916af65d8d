/**
 * The Python program that computes the shipped weights with PyTorch: images are read and resized by Pillow, the weights
 * come out of the shipped safetensors file, and the network is torchvision's own of that name, or, if it has none, the
 * exported graph with PyTorch's functions.
 */
export const PYTORCH_PROGRAM = `
import json, math, struct, sys
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps

task = json.load(open(sys.argv[1], encoding="utf-8"))
torch.set_num_threads(2)
DTYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64,
          "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool}


def read_safetensors(path):
    data = bytearray(open(path, "rb").read())
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, end = entry["data_offsets"]
        raw = data[8 + length + start:8 + length + end]
        flat = torch.frombuffer(raw, dtype=DTYPES[entry["dtype"]]) if len(raw) else torch.empty(0, dtype=DTYPES[entry["dtype"]])
        flat = flat.reshape(entry["shape"])
        tensors[name] = flat.float() if flat.is_floating_point() else flat
    return tensors


def preprocess(path, settings):
    image = ImageOps.exif_transpose(Image.open(path))
    channels = len(settings["mean"])
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        behind = Image.new("RGBA", image.size, tuple(settings["background"]) + (255,))
        image = Image.alpha_composite(behind, image)
    image = image.convert("L" if channels == 1 else "RGB")
    resize, crop = settings["resize"], settings["crop"]
    if resize is not None:
        width, height = image.size
        size = resize["size"]
        if isinstance(size, int):
            shorter = min(width, height)
            target = (size * width // shorter, size * height // shorter)
        else:
            target = (size[1], size[0])
        filters = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}
        if resize["interpolation"] in filters:
            if target != image.size:
                image = image.resize(target, filters[resize["interpolation"]])
        else:
            planes = torch.from_numpy(np.array(image)).reshape(height, width, channels).permute(2, 0, 1)[None].float()
            planes = F.interpolate(planes, size=target[::-1], mode="nearest")
            image = Image.fromarray(planes[0].permute(1, 2, 0).byte().numpy().squeeze())
    pixels = torch.from_numpy(np.array(image)).reshape(image.height, image.width, channels).permute(2, 0, 1)
    if crop is not None:
        missing = [max(0, crop[0] - pixels.shape[1]), max(0, crop[1] - pixels.shape[2])]
        if any(missing):
            top, left = missing[0] // 2, missing[1] // 2
            pixels = F.pad(pixels, [left, missing[1] - left, top, missing[0] - top])
        top = int(round((pixels.shape[1] - crop[0]) / 2.0))
        left = int(round((pixels.shape[2] - crop[1]) / 2.0))
        pixels = pixels[:, top:top + crop[0], left:left + crop[1]]
    values = pixels.float() / 255
    mean, std = (torch.tensor(settings[name]).reshape(-1, 1, 1) for name in ("mean", "std"))
    return ((values - mean) / std)[None]


def sides(pads):
    """ONNX: all beginnings, then all ends; PyTorch: pairs from the last dimension on."""
    half = len(pads) // 2
    return [pads[i + k] for i in reversed(range(half)) for k in (0, half)]


def padded(x, pads, value):
    return F.pad(x, sides(pads), value=value) if any(pads) else x


def average_pool(a, x):
    pads = a.get("pads", [0, 0, 0, 0])
    total = F.avg_pool2d(padded(x, pads, 0.0), a["kernel_shape"], a.get("strides"))
    if not any(pads) or a.get("count_include_pad", 0):
        return total
    share = F.avg_pool2d(padded(torch.ones_like(x), pads, 0.0), a["kernel_shape"], a.get("strides"))
    return total / share


def gemm(a, x, w, b=None):
    x = x.t() if a.get("transA") else x
    w = w.t() if a.get("transB") else w
    y = a.get("alpha", 1.0) * (x @ w)
    return y if b is None else y + a.get("beta", 1.0) * b


OPERATORS = {
    "Add": lambda a, x, y: x + y,
    "Sub": lambda a, x, y: x - y,
    "Mul": lambda a, x, y: x * y,
    "Div": lambda a, x, y: x / y,
    "Identity": lambda a, x: x,
    "Relu": lambda a, x: F.relu(x),
    "Sigmoid": lambda a, x: torch.sigmoid(x),
    "Tanh": lambda a, x: torch.tanh(x),
    "HardSwish": lambda a, x: F.hardswish(x),
    "HardSigmoid": lambda a, x: torch.clamp(a.get("alpha", 0.2) * x + a.get("beta", 0.5), 0, 1),
    "Clip": lambda a, x, low=None, high=None: torch.clamp(x, low, high),
    "Conv": lambda a, x, w, b=None: F.conv2d(padded(x, a.get("pads", [0, 0, 0, 0]), 0.0), w, b, a.get("strides", 1), 0,
                                             a.get("dilations", 1), a.get("group", 1)),
    "MaxPool": lambda a, x: F.max_pool2d(padded(x, a.get("pads", [0, 0, 0, 0]), -math.inf), a["kernel_shape"],
                                         a.get("strides"), 0, a.get("dilations", 1)),
    "AveragePool": average_pool,
    "GlobalAveragePool": lambda a, x: x.mean(dim=(2, 3), keepdim=True),
    "BatchNormalization": lambda a, x, w, b, mean, var: F.batch_norm(x, mean, var, w, b, False, 0.0, a.get("epsilon", 1e-5)),
    "Concat": lambda a, *xs: torch.cat(xs, a["axis"]),
    "Flatten": lambda a, x: x.flatten(a.get("axis", 1)),
    "Gemm": gemm,
    "MatMul": lambda a, x, y: x @ y,
    "Pad": lambda a, x, pads, value=None: F.pad(x, sides([int(p) for p in pads]), value=0.0 if value is None else float(value)),
    "Reshape": lambda a, x, shape: x.reshape([int(n) if n else x.shape[i] for i, n in enumerate(shape)]),
    "Transpose": lambda a, x: x.permute(a["perm"]),
    "Softmax": lambda a, x: torch.softmax(x, a.get("axis", -1)),
}


def graph_network(graph, weights):
    def run(x):
        values = dict(weights)
        for name, constant in graph["constants"].items():
            values.setdefault(name, torch.tensor(constant["data"], dtype=DTYPES[constant["dtype"]]).reshape(constant["shape"]))
        values[graph["input"]] = x
        for node in graph["nodes"]:
            inputs = [values[name] if name else None for name in node["inputs"]]
            values[node["outputs"][0]] = OPERATORS[node["op"]](node["attributes"], *inputs)
        return values[graph["output"]]
    return run


def torchvision_network(known, weights):
    import torchvision
    net = torchvision.models.get_model(known["name"], weights=None, **known["options"])
    net.load_state_dict(weights, strict=True)
    net.eval()
    return net, "torchvision " + torchvision.__version__ + " " + known["name"]


def network():
    weights = read_safetensors(task["weights"])
    if task["torchvision"] is not None:
        try:
            return torchvision_network(task["torchvision"], weights)
        except Exception as error:
            print("torchvision:", type(error).__name__, error, file=sys.stderr)
    unknown = sorted({node["op"] for node in task["graph"]["nodes"]} - set(OPERATORS))
    if unknown:
        print(json.dumps({"skipped": "this check has no counterpart of the ONNX operators " + ", ".join(unknown)}))
        sys.exit(0)
    return graph_network(task["graph"], weights), "the exported graph"


net, name = network()
rows = []
with torch.inference_mode():
    for path in task["samples"]:
        rows.append(torch.softmax(net(preprocess(path, task["preprocessing"])).double(), 1)[0].tolist())
        print(json.dumps({"done": len(rows)}), flush=True)
print(json.dumps({"version": torch.__version__.split("+")[0], "network": name, "rows": rows}))
`;
