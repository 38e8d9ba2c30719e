package dev.autodeploy.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

final class BrokenPromiseTest {
  private static final ExtensionContext CONTEXT =
      (ExtensionContext)
          Proxy.newProxyInstance(
              BrokenPromiseTest.class.getClassLoader(),
              new Class<?>[] {ExtensionContext.class},
              (proxy, method, arguments) -> "A release that completes is the truth.");

  @Test
  void failedAssertion_saysWhatTheContractSays_andWhatWasFound() {
    AssertionError found = new AssertionError("Expecting empty but was: [voice-1]");

    assertThatThrownBy(() -> new BrokenPromise().handleTestExecutionException(CONTEXT, found))
        .hasMessage(
            "The contract says: A release that completes is the truth.\n"
                + "Expecting empty but was: [voice-1]")
        .hasCause(found);
  }

  @Test
  void otherFailure_staysAsItIs() {
    IllegalStateException failure = new IllegalStateException("no daemon");

    assertThatThrownBy(() -> new BrokenPromise().handleTestExecutionException(CONTEXT, failure))
        .isSameAs(failure);
  }

  @Test
  void everyTestOfAContract_hasASentence() {
    for (Class<?> contract :
        List.of(
            InstanceProviderContract.class,
            StateStoreContract.class,
            IdlePolicyContract.class,
            CostMeterContract.class)) {
      assertThat(contract.getAnnotation(ExtendWith.class).value())
          .containsExactly(BrokenPromise.class);
      for (Method method : contract.getDeclaredMethods()) {
        if (method.isAnnotationPresent(Test.class)) {
          DisplayName sentence = method.getAnnotation(DisplayName.class);
          assertThat(sentence).as(method.getName()).isNotNull();
          assertThat(sentence.value()).endsWith(".");
        }
      }
    }
  }
}
