package io.gatun.autograd;

import io.gatun.kernel.Shape;

/** What agents learn from: values of actions, and policies. All are means over the n transitions of a batch. */
public final class ReinforcementLosses {
    private ReinforcementLosses() {}

    /**
     * The temporal difference of deep Q-learning (Mnih et al. 2015): the Huber loss, δ = 1, of Q(s, a) and
     * r + γ (1 - done) max over a' of Q⁻(s', a'). No gradient goes to Q⁻, the target net's values.
     *
     * @param values Q(s, ·), [n, actions]
     * @param actions that were taken, 32-bit, [n]
     * @param rewards [n]
     * @param done 1 where s' ended the episode, else 0, [n]
     * @param nextValues Q⁻(s', ·), [n, actions]
     * @param gamma the discount, within 0 and 1
     * @throws IndexOutOfBoundsException if an action is none
     */
    public static Tensor dqn(
            Tensor values, Tensor actions, Tensor rewards, Tensor done, Tensor nextValues, float gamma) {
        if (!(gamma >= 0 && gamma <= 1)) {
            throw new IllegalArgumentException("dqn: a discount of " + gamma + " is not within 0 and 1");
        }
        if (values.shape.rank() != 2 || !values.shape.equals(nextValues.shape)) {
            throw new IllegalArgumentException("dqn: values " + values.shape + " and next values " + nextValues.shape
                    + " must both be [n, actions]");
        }
        int n = values.shape.dim(0);
        for (Tensor each : new Tensor[] {actions, rewards, done}) {
            if (!each.shape.equals(Shape.of(n))) {
                throw new IllegalArgumentException("dqn: " + each + " for values " + values.shape
                        + "; give one action, reward and end for each of the " + n + " rows");
            }
        }
        Tensor taken = Views.reshape(Lookups.gather(values, Views.reshape(actions, n, 1)), n);
        Tensor best = Extremes.max(Views.detach(nextValues), 1);
        Tensor on = ElementLoss.plus(Views.detach(done).neg(), 1).scale(gamma);
        Tensor target = Arithmetic.add(Views.detach(rewards), Arithmetic.mul(on, best));
        return Losses.huber(taken, target);
    }

    /**
     * The clipped objective of proximal policy optimization (Schulman et al. 2017) as a loss: -min(r A, clip(r, 1 - ε,
     * 1 + ε) A) with r = e^(new - old). A policy gains nothing by moving further than ε from the one that acted.
     *
     * @param logProbabilities ln π(a | s) of the policy that learns, [n]
     * @param oldLogProbabilities of the policy that acted; constants
     * @param advantages A; constants
     * @param epsilon within 0 and 1; the paper's is 0.2
     */
    public static Tensor ppo(Tensor logProbabilities, Tensor oldLogProbabilities, Tensor advantages, float epsilon) {
        if (!(epsilon > 0 && epsilon < 1)) {
            throw new IllegalArgumentException("ppo: ε = " + epsilon + " is not between 0 and 1");
        }
        ElementLoss.requireSame("ppo", logProbabilities, oldLogProbabilities);
        ElementLoss.requireSame("ppo", logProbabilities, advantages);
        Tensor gain = Views.detach(advantages);
        Tensor ratio = Arithmetic.sub(logProbabilities, Views.detach(oldLogProbabilities))
                .exp();
        Tensor clipped = ratio.clamp(1 - epsilon, 1 + epsilon);
        return Arithmetic.mul(ratio, gain)
                .minimum(Arithmetic.mul(clipped, gain))
                .mean()
                .neg();
    }
}
