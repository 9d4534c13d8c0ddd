/**
 * Key pairs for tests, made once: an RSA key takes longer to make than all tests of the core to run. They guard nothing.
 */
export const testKeys = {
  ES256: {
    kty: 'EC',
    x: 'NxZZeXFtraeJXGtTWHMhGiSPByFWFwtRJReS_SCmfvk',
    y: '5tqOsZ77S8mQgQh5S1c2ZFAryppTLcKUXzq4voH__zU',
    crv: 'P-256',
    d: 'OzPPedLhoLF3D2P-9WOWzXyjl5D8hB2S2CYOa-Q09m0',
  },
  RS256: {
    kty: 'RSA',
    n: 'rWTv8vmdlxaQ1T_gZDGUNr5bxx-gbd2D0gvIWTv4XflBrju14t7aKpegXiwd1DXhpHg22Jv80lzu2RIDeEHVTFgC_44cmvPHFVx6XCqGy60rQtR_F3xhkOfeQmI_PguWc238RimO1D_1364Oy9y5EPXBjfV1mCU6fPfXP55UwtCdEpHcICbzPG1fMNgfUkUSUnWOc5OdBJ6xBJiHEiLhMiG3YLuEmxXqO2rvSuXbPWWd_WXO5wVICpXHYyrLKyZXb_cWNnREK2x_ul1yc1ZVzUjs4b4Vrq9toa3Cm4iE8L-mNGQFY_dPzR6UF2YaaHhPRBYUAcJeLHfiLqB08ik-lQ',
    e: 'AQAB',
    d: 'RkS0lRQhkDw9353uUsxg0zqbuPuRKVTu-e16eOc7xOGhg3mBQXqskTw3alKYmApp8hwhpfC5KYst5FxPeam8Rh8Yv_YYk5cdZAPBNp6pV9tKv9-bzanDZFUDFoX4OS26__ZfmRN4ZX2yJ77DEkzV1xCxKtWBnXHg3QoXehmxIe17_Gel1qO46n4F-BBQPdUV5c72Xt0Qejdl1pcVAon9dVeXEl2tJFMbVCHvjBi7pI1tJiwBDxPg6ioqBz0Tf4qLfAIn0-pjJ_tKOiGJ4A8cwD9yNTgf002oAH87oY3hdOAr81T2hcLAN6DtmJg8JUIfTwlSe-S1dQi6f6ln2nizdQ',
    p: '3B2kPpIDIMTrTWonBb7kJwflvtZJaWN_RODNbOWP_80ot-fooonkqWRCj-Dvh_nnk7x1AOwTk4EoLJ3SAFPz7EvuuEIt867HpSQCpQ-fDOdNR1bBWBI40_03rlzjo1TyvkjokjdgwB8CY2xPfKScjJHo-vutTldnF2GQs7sK5Cc',
    q: 'yalpKiy0UFRp0reuaF9YNUfV1gQuXHd-U6DPlpPfwDbNQKaXfijm2Bx_XfVHyUegdDBybTHxxdQhBYIkr9h_bud8BqTqVtNj0W0hnVL5KLD3kKOrWWagEs_QmM-PbMmKaKIStIdYdToudCU0lg8PBkNmTzFAzMRl6wA50GNdkOM',
    dp: 'mi99RIMdA9BMjx7DlOfBg4GpskMCi3sxxDrASv6HHwVD94bQU0LKVMmxQn2q7BHm4HrLbsjvcYywaohmeOpV2_jYkGNzMtYEbS5LV_oYTH6diFJB_wJMolomrdHNdzTjEN2bZAi8kfdmweQ1zba1HlZ634x6On1I7nzeUre7ilM',
    dq: 'lwzXIekEUts3vMcq0zD_gEFDcaAGHeq_a-KbOz2eLnqd-VwPQ0ddyehmmrk7wQ9upzkWrKXpY_YFmfumgTSYFzk61Ds48Do8nUSyFgZtbMZJWUTO9xMAubaBl8R4uNKpYsBrZF-wqXYgD41Cu1eiOF3Jx22sDPTbJlAv_eA_2GM',
    qi: 'a8y7lrNoR9-Qo-tCy83DE0ZokaAfG6TG79C3Th_M1buE4c7y7Fn9apuffzH0yaH-7l8gDlJfmab2lPgeIjXFBKh_6Bh04BI-ZGEonujIYQ16UzDHCePRy-P6Ta94iTFWswRP1VG6fxVZbNKW0Y0tlS2uHJPyptBXdArDaiuoeng',
  },
  EdDSA: {
    kty: 'OKP',
    crv: 'Ed25519',
    x: 'mGdBkX0ijTBTR18bdKpD3ULFpJcBX4NO2bJ6PF4ZmOI',
    d: 'Utyyeurq26yin1NIivfAfTjEZankxbQarXcoaEwqCT8',
  },
  clientES256: {
    kty: 'EC',
    x: '9b4HlfhBPzUkDK7TmREvluufSDa3sQp8twHwjRaYfvU',
    y: 'l3YhOj7tA0dstFcpKxjV0jMxn1sZQXykIHtWhOKFEEo',
    crv: 'P-256',
    d: '1DXSmeeCQroByyfnYAJ9OmXCUiembU0PnNpgBmdoaxQ',
  },
  clientRS256: {
    kty: 'RSA',
    n: 'ts4sdpuPZ1EG0D_ZCKqVkDRnyS6DNMFJPZIdrVJPVTwrps18jl2Ujsuf-CBUxYPyjGi1XgY1PR5zt2G6zYUbOVS0SClda3gLYvPAyHhMc8gNkV1SogESw09qcUrYQmAEaBn7wufqcD3XElyZ52ErCPUmR241YMJlxW29OghUBp23qpTbBB6u2OtYhQtJ2RXupv-JknQgBdie5KOHtsMCLhWjlTZWFtY0Rm2442QCUKklIaiMBSeEd8g53X-UAYccqRFDsspq5RyF0UbKX77iPdKR6ywKPv5J7bxiN8T4jWDkQavQlG-rbcT9uOzfk6KlAiEq9VBKN6b1MBmD54zqEQ',
    e: 'AQAB',
    d: 'B8wC5vsrEmXJE9xJSj6WWvx1OcY3V-pvkIX5KJGUaycCGJ72k07n_XAvbkKYwwTl9TmpFK3Qmv7_wgBT2py1BMy5VMOY5bLMz4dkf1hsMFsFwx-3HMxNa9GpEVR3JVuZjIQhMha4r9lfYTvcX5tMHdlw7MaFVc9szk8oLT-6L777ZaLisDJSz2dn5lNRZccJxRHXgCigZ9RkcwTTXUSz_h8P8WD4Kuk2v4gghCZHUYHajtYH9m09_AkmZOnJOFMQZfHLCkNEBxaXLVrKPPsMiFHRe9BEaG1imXXD941ry869E_cJx2xhzHLQJNzG7KaZ6wgvMcjd4OFqK0s6ruLaEQ',
    p: '4A3huqWOxTxBJkoAnxuNW2BZeBgGHFNrzkongI_2PPAANJtDmHHXysZGXiwDwmgA-utwc_gh7obl9Jmw1pAFhi_-sinZa3sQMWFpnACe1ra-iVullz5P-np7lLArpc9_DeyG-RzFz-lUlJGM-L5UTNOmyHH6ZC06OwdhO0x4Ark',
    q: '0N6u1ouTGC85onfs0CTHAiDiDJ_Opwp6huLyr4UgCssvx-jmEze-uUsjV9oVCg3euFUqlLNRyqr4WUUqMoAcWCBbIJV7uITNgHiRRb8aC4oo9Jst3gYI3IyoOw7PWUTfrC9yTKE0eOt7089kgBsFntlo_Gw0ennDkS3VwLr-1hk',
    dp: 'c91Z5S6mdULiog1U4vLZl-5sdhleV5mgP27DnM1V1k96m7nLK_N7V4ZPb3WtgAROtXO5lI815Obn1iUAeQTDhpAdUz8nC1j5l7-7YIxFl92rDNdS-7Kio3JhpBOyjq2OE8JETmDdvtX4Alh-oUezyoMNVczzYois-0emtYam7Sk',
    dq: 'fqm7_zFPN4hT_Dmbq7HR2XGVg7BZwqSxHyF7qIMjpkgHpsSO2bKhf36YZUtEHP_CQ6iqFNkVzcCWsJQn_c4A4lRkzsK373LhqHn1JwW3xq23HncIfq7MKutFjeLyTSFePu3a86uCxZ2QTydiu-knJGiVqRX5URiMR3szOBhuN-k',
    qi: 'VA5YpTkM2K8sb2R5gALC4nUdOzGF0qHSNgnD7dsOPCJWtH2R-ZnSAzD6mQPt350mTQZQ0DBT4e33-GBeLQ21pDaU-fWo51Al3jhdTmMO4bzWLwBek2m440tKKU9B0HqIHw8_HUa6E6Xjs78y36v-y2iyFEK4IKHatKC0kfwlzkA',
  },
  otherES256: {
    kty: 'EC',
    x: '6IyZ3U3pvke5p1Mo90fo2H8sziMwBWVGa4Ufq6x-PJ4',
    y: 'tLKuckcsAtkyjWhCScxvC7VZHwHsLc3T--aaZanD70c',
    crv: 'P-256',
    d: 'bQ6yyhp1nasfYN08kL70AITFaOl-2dOu0d2P0uGYox8',
  },
} as const;
