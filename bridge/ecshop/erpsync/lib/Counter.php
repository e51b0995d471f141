<?php
/**
 * The shop's sequence, and its high-water mark in a file: a database restored from a backup is found out because the
 * file knows a higher number (protocol: versions).
 */
class ErpSync_Counter
{
    /** @var ErpSync_Db */
    private $db;
    /** @var string */
    private $file;

    public function __construct(ErpSync_Db $db, $shopRoot)
    {
        $this->db = $db;
        $this->file = $shopRoot . '/data/erpsync.php';
    }

    /** Every snapshot draws its own number just before its rows are read. @return int */
    public function draw()
    {
        $this->db->exec('UPDATE {erpsync_counter} SET seq = LAST_INSERT_ID(seq + 1)');
        return $this->db->insertId();
    }

    /** @return int the number drawn last, 0 for none */
    public function current()
    {
        return (int) $this->db->value('SELECT seq FROM {erpsync_counter}');
    }

    /** To be called with the highest number that is about to leave the shop. @throws ErpSync_SetupError */
    public function keepHighWater($seq)
    {
        $handle = @fopen($this->file, 'c+');
        if ($handle === false) {
            throw self::notWritable();
        }
        $isKept = true;
        flock($handle, LOCK_EX);
        if ($seq > self::number(stream_get_contents($handle))) {
            // Fixed width: a write that is cut short never looks like a smaller number of the same length.
            $text = sprintf("<?php exit; /* erpsync high-water: %020d */\n", $seq);
            rewind($handle);
            $isKept = @fwrite($handle, $text) === strlen($text) && fflush($handle);
            ftruncate($handle, strlen($text));
        }
        flock($handle, LOCK_UN);
        fclose($handle);
        if (!$isKept) {
            throw self::notWritable();
        }
    }

    private static function notWritable()
    {
        return new ErpSync_SetupError(
            'data-not-writable',
            'The folder data cannot be written to.',
            'Let the web server and the cron user write to the folder data of the shop, as ECShop itself needs it.'
        );
    }

    /** @return int 0 if the file is not there, as after a move to another server */
    public function highWater()
    {
        return is_file($this->file) ? self::number((string) file_get_contents($this->file)) : 0;
    }

    public function isRestored()
    {
        return $this->current() < $this->highWater();
    }

    /** A new epoch may go on from the number the file knows. */
    public function raiseToHighWater()
    {
        $this->db->exec('UPDATE {erpsync_counter} SET seq = GREATEST(seq, ?)', array($this->highWater()));
    }

    public function removeFile()
    {
        if (is_file($this->file)) {
            unlink($this->file);
        }
    }

    private static function number($text)
    {
        return preg_match('/high-water: 0*(\d+)/', $text, $found) ? (int) $found[1] : 0;
    }
}
