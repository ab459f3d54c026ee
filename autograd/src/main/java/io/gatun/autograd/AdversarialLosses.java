package io.gatun.autograd;

/**
 * The game of a generator and a discriminator D = σ(logit) (Goodfellow et al. 2014), min_G max_D E ln D(x) +
 * E ln(1 - D(G(z))), as losses to be made smaller, each the mean over its logits. All are of logits, so that none loses its
 * gradient where the discriminator is certain.
 *
 * <p>The discriminator's step wants {@code fake.detach()}, or the generator would learn to help it; the generator's step
 * must not update the discriminator, whose optimizer is another one.
 */
public final class AdversarialLosses {
    private AdversarialLosses() {}

    /**
     * What the discriminator makes small: -E ln D(x) - E ln(1 - D(G(z))), ln 4 where it cannot tell.
     *
     * @param realLogits of samples of the data, of any shape
     * @param fakeLogits of generated ones, as many or not
     */
    public static Tensor discriminator(Tensor realLogits, Tensor fakeLogits) {
        return Arithmetic.add(
                realLogits.neg().softplus().mean(), fakeLogits.softplus().mean());
    }

    /** The non-saturating loss of a generator, -E ln D(G(z)): its gradient is largest where the discriminator is not fooled. */
    public static Tensor generator(Tensor fakeLogits) {
        return fakeLogits.neg().softplus().mean();
    }

    /**
     * The generator's side of the minimax game as it is written, E ln(1 - D(G(z))): its gradient vanishes where the
     * discriminator is not fooled, which is where it begins. Prefer {@link #generator}.
     */
    public static Tensor minimaxGenerator(Tensor fakeLogits) {
        return fakeLogits.softplus().mean().neg();
    }
}
