package shop;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.security.web.SecurityFilterChain;

/** Callers use links, operators the page and the actuator as well. */
@Configuration(proxyBeanMethods = false)
class Security {

  @Bean
  SecurityFilterChain chain(HttpSecurity http) throws Exception {
    return http.authorizeHttpRequests(
            requests ->
                requests
                    .requestMatchers("/autodeploy", "/autodeploy/**", "/actuator/**", "/-/status")
                    .hasRole("OPERATOR")
                    .requestMatchers("/d/**", "/announcements")
                    .hasAnyRole("OPERATOR", "CALLER")
                    .anyRequest()
                    .authenticated())
        .httpBasic(Customizer.withDefaults())
        .csrf(csrf -> csrf.ignoringRequestMatchers("/d/**", "/autodeploy/**", "/announcements"))
        .build();
  }

  /** For the example only: yours come from where your application has them. */
  @Bean
  UserDetailsService users() {
    return new InMemoryUserDetailsManager(
        User.withUsername("operator").password("{noop}operator").roles("OPERATOR").build(),
        User.withUsername("caller").password("{noop}caller").roles("CALLER").build());
  }
}
