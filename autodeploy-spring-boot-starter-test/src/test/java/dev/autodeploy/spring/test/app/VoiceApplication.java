package dev.autodeploy.spring.test.app;

import org.springframework.boot.autoconfigure.SpringBootApplication;

/** An application as its authors write it. */
@SpringBootApplication
public class VoiceApplication {}
