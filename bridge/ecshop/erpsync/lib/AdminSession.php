<?php
/**
 * Whether this browser is logged in to the shop's admin area as a super administrator: the same test that ECShop makes
 * (includes/cls_session.php, admin/includes/lib_main.php), read-only and without running its code.
 */
class ErpSync_AdminSession
{
    /** Seconds after the last activity: cls_session's max_life_time, which no setting changes. */
    const LIFE = 1800;

    /** @var string the cookie's value */
    private $cookie;
    /** @var bool */
    private $isSuper;

    public function __construct(ErpSync_Db $db, $shopRoot, array $cookies, array $server, $now)
    {
        $this->cookie = isset($cookies['ECSCP_ID']) && is_string($cookies['ECSCP_ID']) ? $cookies['ECSCP_ID'] : '';
        $this->isSuper = $this->test($db, $shopRoot, $server, $now);
    }

    public function isSuperAdmin()
    {
        return $this->isSuper;
    }

    /** What a form must carry: nobody who does not know the session's cookie can make it. */
    public function token($secret)
    {
        return hash_hmac('sha256', 'erpsync-setup/' . $this->cookie, $secret);
    }

    private function test(ErpSync_Db $db, $shopRoot, array $server, $now)
    {
        if (!preg_match('/^([0-9a-f]{32})([0-9a-f]{8})$/D', $this->cookie, $found)) {
            return false;
        }
        $root = rtrim(str_replace('\\', '/', (string) realpath($shopRoot)), '/') . '/';
        $ip = self::ip($server);
        $key = sprintf('%08x', crc32($root . substr($ip, 0, (int) strrpos($ip, '.')) . $found[1]));
        if ($key !== $found[2]) {
            return false;
        }
        // Data beyond 255 bytes lies in sessions_data, and then that row's expiry counts.
        $row = $db->row(
            'SELECT IF(s.data = \'\', d.expiry, s.expiry) AS expiry, a.action_list FROM {sessions} s
             JOIN {admin_user} a ON a.user_id = s.adminid LEFT JOIN {sessions_data} d ON d.sesskey = s.sesskey
             WHERE s.sesskey = ? AND s.adminid > 0',
            array($found[1])
        );
        return $row !== null
            && $row['expiry'] !== null
            && abs($now - (int) $row['expiry']) <= self::LIFE
            && $row['action_list'] === 'all';
    }

    /** The address ECShop puts into the cookie's key: real_ip() of lib_base.php, with its trust in forwarded headers. */
    private static function ip(array $server)
    {
        $ip = '0.0.0.0';
        if (isset($server['HTTP_X_FORWARDED_FOR'])) {
            foreach (explode(',', $server['HTTP_X_FORWARDED_FOR']) as $hop) {
                if (trim($hop) !== 'unknown') {
                    $ip = trim($hop);
                    break;
                }
            }
        } elseif (isset($server['HTTP_CLIENT_IP'])) {
            $ip = $server['HTTP_CLIENT_IP'];
        } elseif (isset($server['REMOTE_ADDR'])) {
            $ip = $server['REMOTE_ADDR'];
        }
        return preg_match('/[\d\.]{7,15}/', $ip, $found) ? $found[0] : '0.0.0.0';
    }
}
