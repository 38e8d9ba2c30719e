package dev.autodeploy.docker;

import java.util.function.Supplier;

/**
 * The collaborators that all starts and releases of one provider share.
 *
 * @param host the daemon
 * @param inventory the GPUs of its host
 * @param gpus gives them to instances
 * @param puller pulls images
 * @param remover removes containers
 * @param network the network of instances for which none is set
 * @param shells the images that have a shell
 * @param habits the images that want to be process 1
 * @param watch the instances of this process
 * @param lockId the id of this process' lock on the owner, empty without one
 */
record ContainerServices(
    DockerHost host,
    GpuInventory inventory,
    GpuAllocator gpus,
    ImagePuller puller,
    ContainerRemover remover,
    InstanceNetwork network,
    ImageShells shells,
    ImageHabits habits,
    InstanceWatch watch,
    Supplier<String> lockId) {}
