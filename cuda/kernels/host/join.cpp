#include "../join.cu"
