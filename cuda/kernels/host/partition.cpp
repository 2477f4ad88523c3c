#include "../partition.cu"
