/* The part of the OpenMP runtime interface that Gatun calls; jextract reads it, no compiler does. */
void omp_set_num_threads(int n);
int omp_get_max_threads(void);
int omp_get_num_procs(void);
void omp_set_dynamic(int v);
