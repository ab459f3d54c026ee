package io.gatun.perf.suite;

import static io.gatun.perf.suite.Problem.full;
import static io.gatun.perf.suite.Problem.quick;

import java.util.List;

/**
 * A language model of two recurrent layers of 512 units over 64 steps of batch 32, and one encoder block of a
 * Transformer (Vaswani et al. 2017) in BERT's base size (Devlin et al. 2019): width 768, 12 heads of 64, 3,072 inside;
 * 8 sequences of 128 tokens, so 1,024 rows.
 */
final class SequenceProblems {
    private static final String LSTM = "LSTM";
    private static final String GRU = "GRU";
    private static final String BLOCK = "Transformer";

    private SequenceProblems() {}

    static final List<Problem> ALL = List.of(
            // The second layer reads the first one's 512 units; the first reads 128 inputs.
            quick(LSTM, "lstm f32 training t=64 b=32 i=512 h=512"),
            quick(LSTM, "lstm f32 backward t=64 b=32 i=512 h=512"),
            full(LSTM, "lstm f32 training t=64 b=32 i=128 h=512"),
            full(LSTM, "lstm f32 inference t=64 b=1 i=512 h=512"),
            // A word-level vocabulary of 10,000 (Penn Treebank's) for the 64 * 32 tokens, dropout between the layers.
            full(LSTM, "embedding f32 forward vocabulary=10000 dim=512 count=2048"),
            full(LSTM, "embedding f32 backward vocabulary=10000 dim=512 count=2048"),
            quick(LSTM, "dropout f32 count=1048576 p=0.5"),
            // From 512 units to 128 characters at each of 2,048 places, and the loss there.
            full(LSTM, "gemm f32 tb bias m=2048 n=128 k=512"),
            quick(LSTM, "crossentropy f32 gradient rows=2048 cols=128"),
            // Gates outside of a fused cell: 2,048 rows of 512.
            full(LSTM, "activation f32 forward act=sigmoid count=1048576"),
            full(LSTM, "activation f32 forward act=tanh count=1048576"),
            quick(LSTM, "step lstm"),
            // The same with plain tanh units.
            quick(LSTM, "rnn f32 training t=64 b=32 i=512 h=512"),
            full(LSTM, "rnn f32 backward t=64 b=32 i=512 h=512"),
            // The same language model with gated recurrent units.
            quick(GRU, "gru f32 training t=64 b=32 i=512 h=512"),
            quick(GRU, "gru f32 backward t=64 b=32 i=512 h=512"),
            full(GRU, "gru f32 training t=64 b=32 i=128 h=512"),
            quick(GRU, "step gru"),
            // A step of four such blocks of width 256.
            quick(BLOCK, "step transformer"),
            // Queries, keys and values in one product, 768 to 3 * 768.
            quick(BLOCK, "gemm f32 tb bias m=1024 n=2304 k=768"),
            // Heads apart: 8 x 128 x (12 x 64) to 8 x 12 x 128 x 64.
            quick(BLOCK, "permute f32 shape=8x128x12x64 perm=0,2,1,3"),
            // Scores of 8 * 12 heads, scaled by 1 / sqrt(64), and their weighted sums of values.
            quick(BLOCK, "gemm f32 tb m=128 n=128 k=64 batch=96 alpha=0.125"),
            full(BLOCK, "gemm f32 m=128 n=64 k=128 batch=96"),
            // A row of 128 scores for each of 8 * 12 * 128 queries.
            quick(BLOCK, "softmax f32 forward softmax rows=12288 cols=128"),
            quick(BLOCK, "softmax f32 backward softmax rows=12288 cols=128"),
            // Feed-forward, 768 to 3,072 and back, and the gradients of the first weights and of its bias.
            full(BLOCK, "gemm f32 tb bias m=1024 n=3072 k=768 act=gelu"),
            full(BLOCK, "gemm f32 tb bias m=1024 n=768 k=3072"),
            full(BLOCK, "gemm f32 ta m=3072 n=768 k=1024"),
            quick(BLOCK, "reduce f32 sum shape=1024x3072 axes=0"),
            full(BLOCK, "activation f32 forward act=gelu count=3145728"),
            quick(BLOCK, "activation f32 backward act=gelu count=3145728"),
            // Residual sums and biases outside of a product: 1,024 rows of 768; dropout of 0.1 before them.
            quick(BLOCK, "binary f32 add none rows=1024 cols=768"),
            full(BLOCK, "binary f32 add row rows=1024 cols=768"),
            full(BLOCK, "binary f32 mul column rows=1024 cols=768"),
            full(BLOCK, "dropout f32 count=786432 p=0.1"),
            // The block's layer norms, 1,024 rows of 768, and a mean of each row alone.
            quick(BLOCK, "groupnorm f32 training affine n=1024 c=768"),
            quick(BLOCK, "groupnorm f32 backward affine n=1024 c=768"),
            full(BLOCK, "reduce f32 mean shape=1024x768 axes=1"),
            // BERT's 30,522 word pieces; 15 % of 1,024 tokens are masked and have a loss.
            quick(BLOCK, "embedding f32 forward vocabulary=30522 dim=768 count=1024"),
            quick(BLOCK, "embedding f32 backward vocabulary=30522 dim=768 count=1024"),
            full(BLOCK, "crossentropy f32 gradient rows=154 cols=30522"),
            // The block's 12 * 768^2 + 13 * 768 parameters: clipping by norm, then the optimizer.
            full(BLOCK, "reduce f32 sum_squares shape=7087872 axes=0"),
            full(BLOCK, "adamw f32 count=7087872"),
            // Other optimizers on them, their moving average, and an L1 penalty.
            quick(BLOCK, "rmsprop f32 count=7087872"),
            quick(BLOCK, "adagrad f32 count=7087872"),
            quick(BLOCK, "lerp f32 count=7087872"),
            quick(BLOCK, "penalty f32 count=7087872 l1=1.0E-5"),
            // Queries cut out of the one product of 3 * 768; scores of padding replaced by one number.
            quick(BLOCK, "copy f32 shape=1024x768 src=2304,1 dst=768,1"),
            quick(BLOCK, "where f32 one_a count=1572864"));
}
