// Philox4x32-10 (Salmon, Moraes, Dror, Shaw, SC 2011) with Gatun's counter, bit for bit io.gatun.random.Philox: the counter of
// block b of stream s at step t is (b low, b high, s, t), the key is the seed (low, high).
#pragma once

struct gatun_random {
    unsigned word[4];
};

GATUN_FN gatun_random gatun_philox(long long seed, int step, int stream, long long block) {
    unsigned c0 = (unsigned) block;
    unsigned c1 = (unsigned) ((unsigned long long) block >> 32);
    unsigned c2 = (unsigned) stream;
    unsigned c3 = (unsigned) step;
    unsigned k0 = (unsigned) seed;
    unsigned k1 = (unsigned) ((unsigned long long) seed >> 32);
    for (int round = 0; round < 10; round++) {
        unsigned long long p0 = 0xD2511F53ull * c0;
        unsigned long long p1 = 0xCD9E8D57ull * c2;
        c0 = (unsigned) (p1 >> 32) ^ c1 ^ k0;
        c1 = (unsigned) p1;
        c2 = (unsigned) (p0 >> 32) ^ c3 ^ k1;
        c3 = (unsigned) p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return {{c0, c1, c2, c3}};
}

// The 16 random bits of element `index`: 8 blocks serve 64 elements, the first 16 of them by the low halves of words 0 and 1 of
// block 0, of block 1 and so on, the second 16 by their high halves, the others by words 2 and 3 likewise.
GATUN_FN unsigned gatun_half(long long seed, int step, int stream, long long index) {
    int place = (int) (index & 15);
    int quarter = (int) (index >> 4 & 3);
    gatun_random r = gatun_philox(seed, step, stream, (index >> 6) * 8 + place / 2);
    unsigned low = place % 2 == 0 ? r.word[0] : r.word[1];
    unsigned high = place % 2 == 0 ? r.word[2] : r.word[3];
    unsigned bits = quarter / 2 == 0 ? low : high;
    return quarter % 2 == 0 ? bits & 0xffffu : bits >> 16;
}

// A multiple of 2^-24 from 0 to below 1.
GATUN_FN float gatun_uniform(unsigned bits) {
    return (float) (bits >> 8) * 0x1p-24f;
}
