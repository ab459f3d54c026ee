package io.gatun.random;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PhiloxTest {
    /** The three vectors of {@code philox4x32 10} in Random123's kat_vectors. */
    @ParameterizedTest
    @CsvSource({
        "00000000 00000000 00000000 00000000, 00000000 00000000, 6627e8d5 e169c58d bc57ac4c 9b00dbd8",
        "ffffffff ffffffff ffffffff ffffffff, ffffffff ffffffff, 408f276d 41c83b0e a20bc7c6 6d5451fd",
        "243f6a88 85a308d3 13198a2e 03707344, a4093822 299f31d0, d16cfe09 94fdcceb 5001e420 24126ea1"
    })
    void knownAnswers(String counter, String key, String answer) {
        int[] block = words(counter);
        int[] k = words(key);
        Philox.block(block, k[0], k[1]);
        assertThat(block).containsExactly(words(answer));
    }

    private static int[] words(String hex) {
        String[] parts = hex.trim().split(" ");
        int[] words = new int[parts.length];
        for (int i = 0; i < words.length; i++) {
            words[i] = Integer.parseUnsignedInt(parts[i], 16);
        }
        return words;
    }

    /** Block, stream, step and seed stand where the class says, 64-bit ones low word first. */
    @Test
    void placesOfTheCounter() {
        int[] out = new int[4];
        Philox.block(0x299f31d0_a4093822L, 0x03707344, 0x13198a2e, 0x85a308d3_243f6a88L, out);
        assertThat(out).containsExactly(words("d16cfe09 94fdcceb 5001e420 24126ea1"));
    }

    @Test
    void uniformIsExactAndBelowOne() {
        assertThat(Philox.uniform(0)).isEqualTo(0);
        assertThat(Philox.uniform(255)).isEqualTo(0);
        assertThat(Philox.uniform(256)).isEqualTo(0x1p-24f);
        assertThat(Philox.uniform(-1)).isEqualTo(1 - 0x1p-24f);
        assertThat(Philox.uniform(0x8000_0000)).isEqualTo(0.5f);
    }

    @Test
    void momentsOfUniformAndNormalNumbers() {
        int[] out = new int[4];
        int blocks = 50_000;
        double uniform = 0;
        double mean = 0;
        double square = 0;
        for (int i = 0; i < blocks; i++) {
            Philox.block(42, 1, 2, i, out);
            uniform += Philox.uniform(out[2]);
            double normal = Philox.normal(out[0], out[1]);
            assertThat(Math.abs(normal)).isLessThan(6);
            mean += normal;
            square += normal * normal;
        }
        // Four standard deviations of each: 0.289 / sqrt n, 1 / sqrt n, sqrt(2 / n).
        assertThat(uniform / blocks).isBetween(0.5 - 0.0052, 0.5 + 0.0052);
        assertThat(mean / blocks).isBetween(-0.018, 0.018);
        assertThat(square / blocks).isBetween(1 - 0.026, 1 + 0.026);
    }

    /** A change of one bit anywhere changes about half of the 128 bits. */
    @Test
    void everyInputMatters() {
        int[] base = new int[4];
        int[] other = new int[4];
        Philox.block(9, 8, 7, 6, base);
        for (int bit = 0; bit < 64; bit++) {
            Philox.block(9 ^ 1L << bit, 8, 7, 6, other);
            assertThat(distance(base, other)).as("seed bit %d", bit).isBetween(36, 92);
            Philox.block(9, 8, 7, 6 ^ 1L << bit, other);
            assertThat(distance(base, other)).as("block bit %d", bit).isBetween(36, 92);
            Philox.block(9, bit < 32 ? 8 ^ 1 << bit : 8, bit < 32 ? 7 : 7 ^ 1 << bit, 6, other);
            assertThat(distance(base, other)).as("step or stream bit %d", bit).isBetween(36, 92);
        }
    }

    private static int distance(int[] a, int[] b) {
        int bits = 0;
        for (int i = 0; i < a.length; i++) {
            bits += Integer.bitCount(a[i] ^ b[i]);
        }
        return bits;
    }
}
