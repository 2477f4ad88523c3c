// hash.cuh: the hash of words, equal to package simd's Mix and Combine.
#pragma once
#include "device.cuh"

const u64 PB_HASH_K0 = 0x9E3779B97F4A7C15ull, PB_HASH_K1 = 0xD6E8FEB86659FD93ull;
const u64 PB_PARTITION = 0xA0761D6478BD642Full; // of hash.Partition, and of words of 128 bits

PB_DEV u64 pb_fold(u64 a, u64 b) { return pb_mulhi(a, b) ^ (a * b); }
PB_DEV u64 pb_mix(u64 x) { return pb_fold(x ^ PB_HASH_K0, PB_HASH_K1); }
PB_DEV u64 pb_combine(u64 h, u64 x) { return pb_fold((h << 23 | h >> 41) ^ x ^ PB_HASH_K0, PB_HASH_K1); }
