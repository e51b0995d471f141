<?php
/** Numbers used once: a call that was overheard is not obeyed again. */
class ErpSync_Nonces
{
    /** @var ErpSync_Db */
    private $db;

    public function __construct(ErpSync_Db $db)
    {
        $this->db = $db;
    }

    /** The unique key decides, so of two at the same moment one is refused. @return bool whether it is new */
    public function take($nonce, $now)
    {
        try {
            $this->db->exec('INSERT INTO {erpsync_nonce} (nonce, seen_at) VALUES (?, ?)', array($nonce, $now));
        } catch (ErpSync_DbError $error) {
            if ($error->getCode() === 1062) {
                return false;
            }
            throw $error;
        }
        if (mt_rand(1, 20) === 1) {
            // A call from a clock ahead by the tolerance stays valid for twice as long.
            $this->db->exec(
                'DELETE FROM {erpsync_nonce} WHERE seen_at < ? LIMIT 1000',
                array($now - 2 * ErpSync_Signature::TOLERANCE)
            );
        }
        return true;
    }
}
