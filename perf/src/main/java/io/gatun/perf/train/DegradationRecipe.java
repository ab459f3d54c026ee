package io.gatun.perf.train;

import io.gatun.autograd.Losses;
import io.gatun.autograd.Pieces;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Module;
import io.gatun.nn.data.DataLoader;
import io.gatun.nn.data.DataSource;
import io.gatun.nn.data.ImageData;
import io.gatun.nn.metric.Metric;
import io.gatun.nn.model.ResNet;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.optim.Sgd;
import io.gatun.nn.train.SupervisedTask;
import io.gatun.nn.train.Trainer;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Why nets are residual (He et al. 2016, figures 1 and 6): a deeper net of plain layers learns its own <em>training</em> pictures
 * worse than a shallower one, though it could copy it and let its other layers do nothing; with shortcuts it does not.
 *
 * <p>Four nets, 20 and 56 layers deep, plain and residual, see the same batches in the same steps; the figures are of
 * pictures that all of them learned from, in inference. The nets are half as wide as in the paper, so that two cores need a minute.
 *
 * <p>Result (seed 1, two cores): wrong on the training pictures are 9.1 % by the plain net of 20 layers and 89.2 % by that of 56
 * (90 % is guessing), 5.8 % and 4.9 % by the residual ones.
 */
final class DegradationRecipe extends SupervisedRecipe {
    private static final int WIDTH = 8;
    private static final int BATCH = 128;
    private static final int EPOCHS = 3;
    private static final float RATE = 0.1f;
    private static final int MEASURED = 2_000;
    private static final List<String> NAMES = List.of("plain20", "plain56", "resnet20", "resnet56");

    private final ImageData data;
    private Map<String, Double> figures = Map.of();

    /** Nets that see the same pictures: logits [n, nets, classes]. */
    private static final class Nets extends Module {
        private final ResNet[] nets;

        Nets(int classes) {
            nets = new ResNet[] {
                child("plain20", ResNet.plainCifar(20, WIDTH, classes)),
                child("plain56", ResNet.plainCifar(56, WIDTH, classes)),
                child("resnet20", ResNet.cifar(20, WIDTH, classes)),
                child("resnet56", ResNet.cifar(56, WIDTH, classes))
            };
        }

        @Override
        public Tensor forward(Tensor images) {
            Tensor[] logits = new Tensor[nets.length];
            for (int i = 0; i < nets.length; i++) {
                logits[i] = nets[i].call(images);
            }
            return Pieces.stack(1, logits);
        }
    }

    /** The losses' sum: no net has a parameter of another, so each gets its own gradient. */
    private static Tensor sum(Tensor logits, Tensor labels) {
        Tensor sum = null;
        for (int i = 0; i < NAMES.size(); i++) {
            Tensor own = logits.narrow(1, i, 1).reshape(-1, logits.shape().last());
            Tensor loss = Losses.crossEntropy(own, labels);
            sum = sum == null ? loss : sum.add(loss);
        }
        return sum;
    }

    /** Mean cross-entropy and share of wrong answers of one of the nets. */
    private static final class OneNet implements Metric {
        private final int place;
        private double losses;
        private long wrong;
        private long rows;

        OneNet(int place) {
            this.place = place;
        }

        @Override
        public String name() {
            return NAMES.get(place);
        }

        @Override
        public void update(MemorySegment predictions, MemorySegment targets, int count, int columns) {
            int classes = columns / NAMES.size();
            for (int row = 0; row < count; row++) {
                long from = (long) row * columns + place * classes;
                int label = targets.getAtIndex(ValueLayout.JAVA_INT, row);
                double own = predictions.getAtIndex(ValueLayout.JAVA_FLOAT, from + label);
                double exps = 0;
                boolean best = true;
                for (int c = 0; c < classes; c++) {
                    double other = predictions.getAtIndex(ValueLayout.JAVA_FLOAT, from + c) - own;
                    exps += Math.exp(other);
                    best &= c == label || other < 0;
                }
                losses += Math.log(exps);
                wrong += best ? 0 : 1;
            }
            rows += count;
        }

        @Override
        public double compute() {
            return losses / rows;
        }

        @Override
        public void reset() {
            losses = 0;
            wrong = 0;
            rows = 0;
        }

        @Override
        public void merge(Metric other) {
            OneNet more = (OneNet) other;
            losses += more.losses;
            wrong += more.wrong;
            rows += more.rows;
        }

        @Override
        public Map<String, Double> values() {
            Map<String, Double> values = new LinkedHashMap<>();
            values.put(name() + "_training_loss", compute());
            values.put(name() + "_training_error", (double) wrong / rows);
            return values;
        }
    }

    DegradationRecipe(TrainOptions asked, NativeMemory memory) throws IOException {
        TrainOptions options = asked.or(BATCH, EPOCHS, RATE, "shapes");
        DataSource source = DataSource.parseImages(options.data());
        ImageData images = Pictures.colour(source.loadImages(options.seed()));
        super(options, new Nets(images.train().classes()), memory, nets -> new SupervisedTask(
                        nets,
                        DegradationRecipe::sum,
                        DataLoader.training(
                                        images.train().samples(images.standardization()),
                                        Math.min(options.batch(), images.train().size()),
                                        options.seed())
                                .dropLast(true),
                        DataLoader.evaluation(
                                images.train().first(MEASURED).samples(images.standardization()), options.batch()),
                        memory)
                .unit("img"));
        data = images;
    }

    @Override
    public String dataLine() {
        return String.format(
                Locale.ROOT,
                "%s: %,d images, all to learn from; figures are of the first %,d of them",
                options().data(),
                data.train().size(),
                Math.min(MEASURED, data.train().size()));
    }

    @Override
    public Optimizer optimizer(Kernels kernels, NativeMemory memory) {
        Schedule schedule =
                Schedule.cosine(options().learningRate(), Math.min(task().stepsPerEpoch() / 2, steps() / 4), steps());
        return new Sgd(kernels, memory, parameters(), schedule, Sgd.Options.nesterov(0.9f, 5e-4f));
    }

    @Override
    public List<Metric> metrics() {
        return List.of(new OneNet(0), new OneNet(1), new OneNet(2), new OneNet(3));
    }

    @Override
    public void end(Trainer.Summary summary, PrintWriter out) {
        figures = summary.test().metrics();
        lines().forEach(line -> out.println("result      " + line));
        out.printf(Locale.ROOT, "            %.0f img/s, %.0f s%n", summary.itemsPerSecond(), summary.seconds());
    }

    private List<String> lines() {
        return NAMES.stream()
                .map(name -> String.format(
                        Locale.ROOT,
                        "%-9s training loss %.3f, %5.2f %% of the training pictures wrong",
                        name,
                        figures.get(name + "_training_loss"),
                        100 * figures.get(name + "_training_error")))
                .toList();
    }

    @Override
    public Map<String, Double> figures() {
        return figures;
    }

    @Override
    public Map<String, Object> results(Tape tape) {
        return Map.of("texts", lines());
    }
}
