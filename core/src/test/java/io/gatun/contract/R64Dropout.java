package io.gatun.contract;

import io.gatun.spec.DropoutSpec;
import java.math.BigInteger;
import java.util.Map;

/** Inverted dropout with its own Philox4x32-10, in whole numbers of any size. */
final class R64Dropout {
    private static final BigInteger M0 = new BigInteger("D2511F53", 16);
    private static final BigInteger M1 = new BigInteger("CD9E8D57", 16);
    private static final BigInteger WORD = BigInteger.ONE.shiftLeft(32);

    private R64Dropout() {}

    static Map<String, Expected> expected(DropoutSpec spec, Inputs in) {
        double[] src = in.get("src");
        long[] rng = in.getLongs("rng");
        double[] dst = new double[src.length];
        // p to the nearest 1/65,536; 64 elements share 8 blocks: low halves of words 0 and 1, high halves, words 2 and
        // 3 likewise.
        double dropped = Math.round(spec.p() * 65_536.0) / 65_536.0;
        for (int i = 0; i < dst.length; i++) {
            long[] counter = {i / 64 * 8 + i % 16 / 2, 0, rng[2] & 0xFFFFFFFFL, rng[1] & 0xFFFFFFFFL};
            long word = philox(counter, rng[0])[(i % 64 < 32 ? 0 : 2) + i % 2];
            long half = i % 32 < 16 ? word % 65_536 : word / 65_536;
            dst[i] = half / 65_536.0 >= dropped ? src[i] / (1 - dropped) : 0;
        }
        // The scale is rounded to float, and the product.
        return Map.of("dst", Expected.ulps(dst, 1.5));
    }

    static long[] philox(long[] counter, long seed) {
        long k0 = seed & 0xFFFFFFFFL;
        long k1 = seed >>> 32;
        long[] c = counter.clone();
        for (int round = 0; round < 10; round++) {
            BigInteger[] first = M0.multiply(BigInteger.valueOf(c[0])).divideAndRemainder(WORD);
            BigInteger[] second = M1.multiply(BigInteger.valueOf(c[2])).divideAndRemainder(WORD);
            c = new long[] {
                second[0].longValue() ^ c[1] ^ k0,
                second[1].longValue(),
                first[0].longValue() ^ c[3] ^ k1,
                first[1].longValue()
            };
            k0 = k0 + 0x9E3779B9L & 0xFFFFFFFFL;
            k1 = k1 + 0xBB67AE85L & 0xFFFFFFFFL;
        }
        return c;
    }
}
