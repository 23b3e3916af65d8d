/** The terms of the page: a short explanation of each, and the section of "Dive into Deep Learning" that it comes from. */

export interface Explanation {
  readonly name: string;
  readonly text: string;
  /** Number and title of the section. */
  readonly section: string;
}

interface Term {
  readonly en: Explanation;
  readonly zh: Explanation;
}

const term = (
  section: string,
  enTitle: string,
  zhTitle: string,
  en: readonly [name: string, text: string],
  zh: readonly [name: string, text: string],
): Term => ({
  en: { name: en[0], text: en[1], section: `${section} ${enTitle}` },
  zh: { name: zh[0], text: zh[1], section: `${section} ${zhTitle}` },
});

export const terms = {
  fashionMnist: term(
    "3.5",
    "The Image Classification Dataset",
    "图像分类数据集",
    [
      "Fashion-MNIST",
      "70,000 grey images of clothes in ten classes, 28 × 28 pixels each: 60,000 to train on and 10,000 to test with.",
    ],
    [
      "Fashion-MNIST",
      "十个类别的 70,000 张服饰灰度图像，每张 28 × 28 像素：60,000 张用于训练，10,000 张用于测试。",
    ],
  ),
  learningRate: term(
    "11.4",
    "Stochastic Gradient Descent",
    "随机梯度下降",
    [
      "Learning rate",
      "How far each update moves the parameters against the gradient. Too small: it learns slowly. Too large: the loss jumps or becomes NaN.",
    ],
    ["学习率", "每次更新沿梯度的反方向移动多远。太小学得慢，太大损失会震荡，甚至变成 NaN。"],
  ),
  batchSize: term(
    "11.5",
    "Minibatch Stochastic Gradient Descent",
    "小批量随机梯度下降",
    [
      "Batch size",
      "How many images are computed together before the parameters are updated once. Larger batches give steadier gradients, but fewer updates per epoch.",
    ],
    ["批量大小", "每更新一次参数，一起计算多少张图像。批量越大，梯度越平稳，但每轮更新的次数越少。"],
  ),
  epoch: term(
    "3.6",
    "Softmax Regression from Scratch",
    "softmax 回归的从零开始实现",
    ["Epoch", "One pass over all training images, in a new random order."],
    ["轮", "把全部训练图像用过一遍，每轮的顺序都重新打乱。"],
  ),
  optimizer: term(
    "11.1",
    "Optimization and Deep Learning",
    "优化和深度学习",
    [
      "Optimiser",
      "The rule that turns gradients into updates. SGD follows the gradient, momentum (11.6) also the earlier ones, Adam (11.10) scales each parameter's step by itself.",
    ],
    [
      "优化器",
      "由梯度得到更新量的规则。SGD 只看当前梯度，动量法（11.6）还累积过去的梯度，Adam（11.10）为每个参数单独调节步长。",
    ],
  ),
  weightDecay: term(
    "4.5",
    "Weight Decay",
    "权重衰减",
    [
      "Weight decay",
      "Pulls all weights towards zero a little at each update, so that the network cannot rely on a few large ones. Against overfitting.",
    ],
    ["权重衰减", "每次更新都把权重朝零拉近一点，使网络不过分依赖少数很大的权重，用来减轻过拟合。"],
  ),
  dropout: term(
    "4.6",
    "Dropout",
    "暂退法",
    [
      "Dropout",
      "In training each unit is left out with this probability, so that none can rely on another. Off when the network is tested.",
    ],
    ["暂退法", "训练时以该概率随机丢弃每个单元的输出，使单元之间不过分相互依赖；测试时关闭。"],
  ),
  batchNorm: term(
    "7.5",
    "Batch Normalization",
    "批量规范化",
    [
      "Batch normalisation",
      "Gives every channel mean 0 and variance 1 over the batch, then scales and shifts it by two learned numbers. Lets deep networks learn faster and with larger learning rates.",
    ],
    [
      "批量规范化",
      "在小批量上把每个通道变为均值 0、方差 1，再用两个学到的参数缩放和平移。能让深层网络用更大的学习率更快收敛。",
    ],
  ),
  activation: term(
    "4.1",
    "Multilayer Perceptrons",
    "多层感知机",
    [
      "Activation function",
      "Applied to each value after a layer. Without it, layers in a row would be one linear layer. ReLU keeps positive values; sigmoid squeezes all between 0 and 1, and its gradient nearly vanishes at both ends.",
    ],
    [
      "激活函数",
      "作用在每一层输出的每个数上。没有它，再多层也等于一个线性层。ReLU 只保留正数；sigmoid 把数压到 0 到 1 之间，两端的梯度几乎为零。",
    ],
  ),
  loss: term(
    "3.4",
    "Softmax Regression",
    "softmax 回归",
    [
      "Loss (cross-entropy)",
      "Minus the logarithm of the probability given to the true class, averaged over the batch. Guessing among ten classes gives 2.303.",
    ],
    ["损失（交叉熵）", "对真实类别所给概率取负对数，再在小批量上取平均。在十个类别中瞎猜时约为 2.303。"],
  ),
  accuracy: term(
    "3.6",
    "Softmax Regression from Scratch",
    "softmax 回归的从零开始实现",
    ["Accuracy", "The share of images whose most probable class is the true one."],
    ["精度", "概率最大的类别恰好是真实类别的图像所占的比例。"],
  ),
  parameters: term(
    "6.1",
    "From Fully Connected Layers to Convolutions",
    "从全连接层到卷积",
    ["Parameters", "The numbers that are learned: weights and biases of all layers."],
    ["参数", "需要学习的数：所有层的权重和偏置。"],
  ),
  convolution: term(
    "6.2",
    "Convolutions for Images",
    "图像卷积",
    [
      "Convolutional layer",
      "A small kernel slides over the image; at each place the values under it are multiplied with its weights and added up. Each kernel makes one output channel.",
    ],
    [
      "卷积层",
      "一个小的卷积核在图像上滑动，每到一处就把覆盖的数与核的权重相乘再相加。每个卷积核产生一个输出通道。",
    ],
  ),
  padding: term(
    "6.3",
    "Padding and Stride",
    "填充和步幅",
    [
      "Padding and stride",
      "Padding is a border of zeros around the image; stride is how many pixels the window moves each time. A stride of 2 halves height and width.",
    ],
    ["填充和步幅", "填充是在图像四周补零；步幅是窗口每次移动的像素数。步幅为 2 时，高和宽减半。"],
  ),
  channels: term(
    "6.4",
    "Multiple Input and Multiple Output Channels",
    "多输入多输出通道",
    ["Channels", "A feature map for each kernel. A kernel reads all channels of its input."],
    ["通道", "每个卷积核对应一张特征图；一个卷积核会读取输入的所有通道。"],
  ),
  pooling: term(
    "6.5",
    "Pooling",
    "汇聚层",
    [
      "Pooling layer",
      "Keeps the largest value of each window, or its mean: the map becomes smaller, and small shifts matter less.",
    ],
    ["汇聚层", "只保留每个窗口中的最大值或平均值：特征图变小，对微小的平移也不再敏感。"],
  ),
  featureMap: term(
    "6.2",
    "Convolutions for Images",
    "图像卷积",
    ["Feature map", "The output of one channel of a layer: where in the image it found what it looks for."],
    ["特征图", "一层中某个通道的输出：它要找的东西出现在图像的什么地方。"],
  ),
  deadUnits: term(
    "4.8",
    "Numerical Stability and Initialization",
    "数值稳定性和模型初始化",
    [
      "Dead units",
      "Units that give 0 for every image of a batch (ReLU), or sit where their gradient is nearly 0 (sigmoid). They learn nothing more.",
    ],
    [
      "失活单元",
      "对整个小批量都输出 0 的单元（ReLU），或处在梯度几乎为 0 之处的单元（sigmoid）。它们不再学习。",
    ],
  ),
  gradient: term(
    "4.8",
    "Numerical Stability and Initialization",
    "数值稳定性和模型初始化",
    [
      "Gradient norm",
      "The size of the gradient of a layer's parameters. If it shrinks from layer to layer towards the image it vanishes; if it grows it explodes.",
    ],
    ["梯度范数", "某一层参数梯度的大小。朝输入方向逐层变小就是梯度消失，逐层变大就是梯度爆炸。"],
  ),
  confusion: term(
    "3.6",
    "Softmax Regression from Scratch",
    "softmax 回归的从零开始实现",
    [
      "Confusion matrix",
      "A row for each true class, a column for each prediction. What is off the diagonal was confused.",
    ],
    ["混淆矩阵", "每行是一个真实类别，每列是一个预测类别；不在对角线上的就是认错的。"],
  ),
  checkpoint: term(
    "5.5",
    "File I/O",
    "读写文件",
    ["Checkpoint", "All weights and the optimiser's state at one step, kept so that one can go back."],
    ["检查点", "某一步时的全部权重和优化器状态，保存下来以便随时退回。"],
  ),
  gradCam: term(
    "6.2",
    "Convolutions for Images",
    "图像卷积",
    [
      "Grad-CAM",
      "The last feature maps, each weighted by how strongly the class's score depends on it: where in the image the answer comes from (Selvaraju et al., 2017).",
    ],
    [
      "Grad-CAM",
      "把最后的特征图按其对该类别得分的影响加权求和：答案主要来自图像的什么地方（Selvaraju 等，2017）。",
    ],
  ),
  seed: term(
    "4.8",
    "Numerical Stability and Initialization",
    "数值稳定性和模型初始化",
    [
      "Seed",
      "Decides the initial weights, the order of the images and dropout. The same seed gives the same training, bit by bit.",
    ],
    ["随机种子", "决定初始权重、图像的顺序和暂退。种子相同，训练过程逐位相同。"],
  ),
  width: term(
    "7.2",
    "Networks Using Blocks (VGG)",
    "使用块的网络（VGG）",
    [
      "Width",
      "The share of the book's channels and hidden units. Less width: fewer parameters, faster, less accurate.",
    ],
    ["宽度", "通道数和隐藏单元数相对于书中网络的比例。越窄参数越少、越快，但精度越低。"],
  ),
  probability: term(
    "3.4",
    "Softmax Regression",
    "softmax 回归",
    ["Probability", "Softmax turns the network's ten numbers into positive ones that add up to 1."],
    ["概率", "softmax 把网络输出的数变成和为 1 的正数。"],
  ),
} as const satisfies Readonly<Record<string, Term>>;

export type TermName = keyof typeof terms;
