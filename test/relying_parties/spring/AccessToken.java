import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtDecoders;
import org.springframework.security.oauth2.jwt.JwtException;

/**
 * Verifies access tokens as a resource server of Spring Security does with
 * `spring.security.oauth2.resourceserver.jwt.issuer-uri`. The arguments are pairs of an issuer and a token.
 */
public class AccessToken {
  public static void main(String[] pairs) {
    for (int index = 0; index < pairs.length; index += 2) {
      System.out.println(verify(pairs[index], pairs[index + 1]));
    }
  }

  private static String verify(String issuer, String token) {
    JwtDecoder decoder = JwtDecoders.fromIssuerLocation(issuer);
    try {
      return "accepted: " + decoder.decode(token).getSubject();
    } catch (JwtException error) {
      return "refused: " + error.getMessage();
    }
  }
}
