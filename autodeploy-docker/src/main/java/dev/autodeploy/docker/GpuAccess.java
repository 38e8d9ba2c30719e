package dev.autodeploy.docker;

/** The ways in which containers get GPUs. */
public enum GpuAccess {
  /** By CDI if the daemon has discovered GPUs that way, else by NVIDIA's hook. The default. */
  AUTO,
  /** By NVIDIA's container runtime hook, as {@code docker run --gpus} does. */
  NVIDIA_HOOK,
  /** By the Container Device Interface: ids such as {@code nvidia.com/gpu=0}. */
  CDI,
  /** AMD's device nodes {@code /dev/kfd} and {@code /dev/dri}: all GPUs, or none. */
  AMD_DEVICES
}
