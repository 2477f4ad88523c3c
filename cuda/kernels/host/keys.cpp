#include "../keys.cu"
