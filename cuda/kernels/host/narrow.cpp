#include "../narrow.cu"
