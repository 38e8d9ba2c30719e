package dev.autodeploy.internal.wire;

import java.io.IOException;

/** The error that another replica will not talk to this one until one of them is started anew. */
public final class WireRefusedException extends IOException {
  private static final long serialVersionUID = 1L;

  WireRefusedException(String why) {
    super(why);
  }
}
