package io.gatun.perf.train;

import io.gatun.memory.NativeMemory;
import io.gatun.nn.model.RbfNetwork;

/**
 * A radial basis function network of 64 Gaussian units tells the two spirals of {@link MlpRecipe} apart. k-means puts the centres
 * among the points, and they stay there: only the linear layer learns, 130 numbers, for which there is one minimum.
 *
 * <p>Result (seed 1, two cores): all test points right, in 2 s.
 */
final class RbfRecipe extends SpiralsRecipe {
    private static final int UNITS = 64;
    private static final int BATCH = 64;
    private static final int EPOCHS = 10;
    private static final float RATE = 0.1f;

    RbfRecipe(TrainOptions asked, NativeMemory memory) {
        TrainOptions options = asked.or(BATCH, EPOCHS, RATE, Trainable.GENERATED);
        RbfNetwork net = new RbfNetwork(2, UNITS, 2);
        super(options, net, memory);
        net.centre(train().points(), options.seed());
        net.modules().get("rbf").freeze();
    }

    @Override
    public String dataLine() {
        return super.dataLine() + "; " + UNITS + " centres by k-means";
    }
}
